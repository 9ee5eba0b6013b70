// SPDX-License-Identifier: GPL-2.0-or-later
#include "seed.h"

/* splitmix64. */
uint64_t seed_draw(uint64_t seed, uint64_t n)
{
	uint64_t z = seed + n * 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	z ^= z >> 31;
	return z ? z : 1;
}

uint64_t seed_of_round(uint64_t seed, uint64_t n)
{
	return n == 1 ? seed : seed_draw(seed, n);
}

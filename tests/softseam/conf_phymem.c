#include "conf.h"
const struct conf_table conf_phymem;

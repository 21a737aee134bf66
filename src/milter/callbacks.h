/* milter/callbacks.h - what libmilter calls. */
#ifndef ASSAY_MILTER_CALLBACKS_H
#define ASSAY_MILTER_CALLBACKS_H

#include "milter/libmilter.h"

/* For smfi_register. */
struct smfiDesc callbacks_describe(void);

#endif

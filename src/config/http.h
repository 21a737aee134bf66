/* config/http.h - http.listen. */
#ifndef ASSAY_CONFIG_HTTP_H
#define ASSAY_CONFIG_HTTP_H

#include "config/key.h"

void set_http_listen(const struct key_place *place,
    const struct key_text *text);

#endif

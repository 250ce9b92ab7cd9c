/* SPDX-License-Identifier: BSD-3-Clause */
#include "pal_savefile.h"

static const struct {
	uint16_t number;
	const char *name, *description;
} linktypes[] = {
#define PAL_LINKTYPE(number, name, description) {number, name, description},
#include "pal_linktype.def"
#undef PAL_LINKTYPE
};

#define NB_LINKTYPES (sizeof(linktypes) / sizeof(linktypes[0]))

uint16_t pal_savefile_linktype(uint16_t number)
{
	// What systems wrote before link types had numbers of their own: their DLT_ values.
	switch (number) {
	case 11: // DLT_ATM_RFC1483
		return 100;
	case 12: // DLT_RAW
	case 14: // DLT_RAW of OpenBSD
		return 101;
	case 19: // DLT_CIP of Linux
		return 106;
	default:
		return number;
	}
}

const char *pal_savefile_linktype_name(uint16_t linktype)
{
	for (size_t i = 0; i < NB_LINKTYPES; i++)
		if (linktypes[i].number == linktype)
			return linktypes[i].name;
	return NULL;
}

const char *pal_savefile_linktype_description(uint16_t linktype)
{
	for (size_t i = 0; i < NB_LINKTYPES; i++)
		if (linktypes[i].number == linktype)
			return linktypes[i].description;
	return NULL;
}

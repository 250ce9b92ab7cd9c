/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"
#include "map.h"

#include <pal_err.h>

#include <stdlib.h>
#include <string.h>

static void a_set_has_what_was_added_and_nothing_else(void **)
{
	struct rw_set *set = rw_set_create(5);
	uint8_t key[5] = {0};

	memcpy(key, "none", 5);
	assert_false(rw_set_has(set, key)); // before anything was added
	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t v = i * 2;

		memcpy(key, &v, 4);
		assert_int_equal(rw_set_add(set, key), 0);
		if (i % 7 == 0)
			assert_int_equal(rw_set_add(set, key), 0);
	}
	assert_int_equal(rw_set_count(set), 100000);
	for (uint32_t v = 0; v < 200000; v++) {
		memcpy(key, &v, 4);
		assert_int_equal(rw_set_has(set, key), v % 2 == 0);
	}
	key[4] = 1; // all bytes count
	assert_false(rw_set_has(set, key));
	rw_set_destroy(set);
}

/* A slow, obvious model: a list in order of use, the one used last at its end. */

struct model {
	uint16_t keys[64];
	uint32_t values[64];
	unsigned int nb, max;
	uint64_t forgotten;
};

static uint32_t *model_use(struct model *m, uint16_t key)
{
	unsigned int i = 0;
	uint32_t value;

	while (i < m->nb && m->keys[i] != key)
		i++;
	value = i < m->nb ? m->values[i] : 0;
	if (i == m->nb && m->nb == m->max) {
		m->forgotten++;
		i = 0;
	}
	if (i < m->nb) {
		memmove(&m->keys[i], &m->keys[i + 1], (m->nb - i - 1) * sizeof(m->keys[0]));
		memmove(&m->values[i], &m->values[i + 1], (m->nb - i - 1) * sizeof(m->values[0]));
		m->nb--;
	}
	m->keys[m->nb] = key;
	m->values[m->nb] = value;
	return &m->values[m->nb++];
}

static void recent_keys_are_those_of_the_model(void **)
{
	srand(1);
	for (unsigned int max = 1; max <= 64; max += 9) {
		struct rw_recent *r = rw_recent_create(2, 4, max);
		struct model m = {.max = max};

		for (uint32_t n = 1; n < 20000; n++) {
			uint16_t key = (uint16_t)(rand() % 80);
			uint32_t *got = rw_recent_use(r, &key), *want = model_use(&m, key);

			assert_int_equal(*got, *want);
			*got = n;
			*want = n;
			key = (uint16_t)(rand() % 80);
			got = rw_recent_find(r, &key);
			want = NULL;
			for (unsigned int i = 0; i < m.nb; i++)
				if (m.keys[i] == key)
					want = &m.values[i];
			assert_int_equal(got == NULL, want == NULL);
			if (got != NULL)
				assert_int_equal(*got, *want);
		}
		assert_int_equal(rw_recent_forgotten(r), m.forgotten);
		rw_recent_destroy(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_has_what_was_added_and_nothing_else),
		cmocka_unit_test(recent_keys_are_those_of_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

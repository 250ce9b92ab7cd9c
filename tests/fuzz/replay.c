/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file
 * A plain main() for a fuzz target: runs it on every file named, and on every file below a folder named.
 */

#include <ftw.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long nb_inputs;

static int replay_file(const char *path, const struct stat *st, int type, struct FTW *)
{
	uint8_t *data;
	FILE *f;

	if (type != FTW_F)
		return 0;
	f = fopen(path, "rb");
	if (f == NULL) {
		perror(path);
		return 1;
	}
	// malloc() of the exact size: AddressSanitizer sees a read past the end.
	data = malloc((size_t)st->st_size + 1);
	if (data == NULL || fread(data, 1, (size_t)st->st_size, f) != (size_t)st->st_size) {
		perror(path);
		exit(1);
	}
	fclose(f);
	data = realloc(data, (size_t)st->st_size ? (size_t)st->st_size : 1);
	LLVMFuzzerTestOneInput(data, (size_t)st->st_size);
	free(data);
	nb_inputs++;
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (nftw(argv[i], replay_file, 16, FTW_PHYS) != 0)
			return 1;
	printf("%lu inputs replayed\n", nb_inputs);
	return nb_inputs == 0;
}

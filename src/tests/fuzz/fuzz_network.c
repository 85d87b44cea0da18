/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network file, which lxc-restore-net reads as well: nothing in it may get further. */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "image/network_file.h"
#include "sys/link_settings.h"
#include "util/mem.h"

static void check(const struct nic *nic)
{
	must(network_name_valid(nic->name) && network_name_valid(nic->host_name));
	must(*nic->name != '-' && *nic->host_name != '-' && !strpbrk(nic->host_name, "/; \n"));
	must(!nic->bridge || network_name_valid(nic->bridge));
	must(!nic->host_mac || network_mac_valid(nic->host_mac));
	for (size_t i = 0; i < nic->n_host_settings; i++)
		must(link_setting_valid(nic->host_settings[i].name, nic->host_settings[i].value) &&
		     !strchr(nic->host_settings[i].value, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_error_ struct error *e = NULL;
	_cleanup_free_ char *text = NULL, *second = NULL;
	struct nic *nics = NULL, *again = NULL;
	size_t n = 0, n_again = 0;

	if (network_from_text((const char *)data, size, &nics, &n, &e) < 0) {
		must(e && *e->message);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		check(&nics[i]);
	text = network_to_text(nics, n, NULL, false);
	must(network_from_text(text, strlen(text), &again, &n_again, &e) == 0 && n == n_again);
	second = network_to_text(again, n_again, NULL, false);
	must(strcmp(text, second) == 0);
	network_free(nics, n);
	network_free(again, n_again);
	return 0;
}

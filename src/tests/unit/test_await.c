/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow/await.h"
#include "unit.h"
#include "util/mem.h"

#define RUNNING	  "{\"running\":4711}\n"
#define COMMITTED "{\"committed\":true}\n"
#define FAILED	  "{\"error\":{\"err\":125,\"refused\":false,\"message\":\"interrupted\"}}\n"
#define EXIT	  "{\"exit\":256}\n"

static struct awaited a;
static int monitor;
static unsigned int asked, committed;
static const char *answer; /* what the monitor says when it has been asked */

static void say(const char *text)
{
	ck_assert_int_eq(write(monitor, text, strlen(text)), (ssize_t)strlen(text));
}

static bool cancelled(void *userdata)
{
	ck_assert_ptr_eq(userdata, &asked);
	asked++;
	if (answer)
		say(answer);
	return true;
}

static void on_committed(void *userdata)
{
	ck_assert_ptr_eq(userdata, &asked);
	committed++;
}

static void begin(void)
{
	int both[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
	a = (struct awaited){
		.fd = both[0],
		.monitor = 4711,
		.cancelled = cancelled,
		.committed = on_committed,
		.userdata = &asked,
	};
	monitor = both[1];
	asked = committed = 0;
	answer = NULL;
}

static void end(void)
{
	awaited_clear(&a);
	if (monitor >= 0)
		close(monitor);
}

/* Nobody is asked for what is there already. */
START_TEST(several_at_once)
{
	struct restore_report r;

	begin();
	say(COMMITTED RUNNING EXIT);
	a.cancelled = NULL;
	ck_assert_int_eq(await_report(&a, &r, NULL), 0);
	ck_assert_int_eq(r.kind, REPORT_RUNNING);
	ck_assert_int_eq(r.init_pid, 4711);
	ck_assert_uint_eq(committed, 1);
	ck_assert_int_eq(await_report(&a, &r, NULL), 0);
	ck_assert_int_eq(r.kind, REPORT_EXIT);
	ck_assert_int_eq(r.status, 256);
	end();
}
END_TEST

START_TEST(in_pieces)
{
	struct restore_report r;

	begin();
	say("{\"runn");
	answer = "ing\":1}\n";
	ck_assert_int_eq(await_report(&a, &r, NULL), 0);
	ck_assert_int_eq(r.kind, REPORT_RUNNING);
	ck_assert_int_eq(r.init_pid, 1);
	end();
}
END_TEST

START_TEST(taken_back)
{
	_cleanup_error_ struct error *e = NULL;
	struct restore_report r;
	char said[8];

	begin();
	answer = FAILED;
	ck_assert_int_lt(await_report(&a, &r, &e), 0);
	ck_assert_int_eq(e->err, ECANCELED);
	ck_assert_str_eq(e->message, "interrupted");
	ck_assert_uint_eq(asked, 1);
	ck_assert_uint_eq(committed, 0);
	/* once */
	ck_assert_int_eq(recv(monitor, said, sizeof(said), MSG_DONTWAIT), 1);
	ck_assert_int_eq(said[0], TAKE_BACK[0]);
	end();
}
END_TEST

/* The monitor has decided when it hears of it, and what it says is the truth. */
START_TEST(too_late)
{
	struct restore_report r;

	begin();
	answer = COMMITTED RUNNING;
	ck_assert_int_eq(await_report(&a, &r, NULL), 0);
	ck_assert_int_eq(r.kind, REPORT_RUNNING);
	ck_assert_uint_eq(committed, 1);
	ck_assert_uint_eq(asked, 1);
	ck_assert_int_eq(a.deadline, 0);
	/* and nobody is asked again */
	say(EXIT);
	ck_assert_int_eq(await_report(&a, &r, NULL), 0);
	ck_assert_uint_eq(asked, 1);
	end();
}
END_TEST

START_TEST(silence)
{
	static const char *const texts[] = {"", "{\"runn", "no JSON\n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		_cleanup_error_ struct error *e = NULL;
		struct restore_report r;

		begin();
		say(texts[i]);
		close(monitor);
		monitor = -1;
		ck_assert_int_eq(await_report(&a, &r, &e), -EPIPE);
		ck_assert_str_eq(e->message, "the monitor died without reporting an error");
		end();
	}
}
END_TEST

/* What it was told and has not read makes its end another error than silence, of the socket. */
START_TEST(ends_with_something_unread)
{
	_cleanup_error_ struct error *e = NULL;
	struct restore_report r;

	begin();
	ck_assert_int_eq(send(a.fd, "b", 1, 0), 1);
	say(RUNNING);
	close(monitor);
	monitor = -1;
	ck_assert_int_eq(await_report(&a, &r, NULL), 0);
	ck_assert_int_eq(r.kind, REPORT_RUNNING);
	ck_assert_int_eq(await_report(&a, &r, &e), -EPIPE);
	end();
}
END_TEST

Suite *await_suite(void)
{
	Suite *s = suite_create("await");
	TCase *t = tcase_create("reports");

	tcase_add_test(t, several_at_once);
	tcase_add_test(t, in_pieces);
	tcase_add_test(t, taken_back);
	tcase_add_test(t, too_late);
	tcase_add_test(t, silence);
	tcase_add_test(t, ends_with_something_unread);
	suite_add_tcase(s, t);
	return s;
}

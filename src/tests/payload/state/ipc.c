/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <mqueue.h>
#include <semaphore.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "state.h"

#define PAGES 16
#define SIZE  (PAGES * 4096)

static int id;
static char *memory;
static pid_t partner;

/* A key of the kind's own: the number of its process. */
static key_t key(void)
{
	return 0x5700000 + getpid();
}

/* --- shared memory -------------------------------------------------------- */

/* Two processes have it: what the one writes the other sees. */
static void answer(void)
{
	for (;;) {
		while (memory[0] != 'q')
			usleep(1000);
		memory[SIZE - 1]++;
		memory[0] = 'a';
	}
}

static bool is_answered(void)
{
	return *(volatile char *)memory == 'a';
}

static void share(void)
{
	memory[4096] = 'm';
	partner = start_child(answer);
}

static void verify_shared(void)
{
	char last = memory[SIZE - 1];

	same("the content", 'm', memory[4096]);
	memory[0] = 'q';
	if (!comes(is_answered))
		complain("it is shared no more");
	same("what the other writes", last + 1, memory[SIZE - 1]);
}

static void set_anonymous(void)
{
	memory = TRY((char *)mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				  -1, 0));
	share();
}

static char shm_name[32];

static void set_posix(void)
{
	int fd;

	snprintf(shm_name, sizeof(shm_name), "/state-%d", getpid());
	fd = TRY(shm_open(shm_name, O_RDWR | O_CREAT | O_EXCL, 0640));
	TRY(ftruncate(fd, SIZE));
	memory = TRY((char *)mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	close(fd);
	share();
}

static void verify_posix(void)
{
	int fd = shm_open(shm_name, O_RDONLY, 0);
	char byte = 0;

	if (fd < 0 || pread(fd, &byte, 1, 4096) != 1)
		complain("it has no name: %s", strerror(errno));
	same("the content by its name", 'm', byte);
	close(fd);
	verify_shared();
}

static void set_posix_unlinked(void)
{
	set_posix();
	TRY(shm_unlink(shm_name));
}

static void set_sysv(void)
{
	id = TRY(shmget(key(), SIZE, IPC_CREAT | 0640));
	memory = TRY((char *)shmat(id, NULL, 0));
	share();
}

static void verify_sysv(void)
{
	struct shmid_ds ds = {0};

	same("the id by its key", id, shmget(key(), 0, 0));
	if (shmctl(id, IPC_STAT, &ds) < 0)
		complain("it is gone: %s", strerror(errno));
	same("how many have it", 2, (long)ds.shm_nattch);
	same("its mode", 0640, ds.shm_perm.mode & 0777);
	same("its size", SIZE, (long)ds.shm_segsz);
	verify_shared();
}

static void set_sysv_removed(void)
{
	set_sysv();
	TRY(shmctl(id, IPC_RMID, NULL));
}

static void verify_sysv_removed(void)
{
	struct shmid_ds ds = {0};

	verify_shared();
	if (shmctl(id, IPC_STAT, &ds) < 0)
		complain("it is gone: %s", strerror(errno));
	else
		same("SHM_DEST", SHM_DEST, ds.shm_perm.mode & SHM_DEST);
}

/* Nobody has it, but it is there. */
static void set_sysv_detached(void)
{
	id = TRY(shmget(key(), SIZE, IPC_CREAT | 0600));
	memory = TRY((char *)shmat(id, NULL, 0));
	memory[5000] = 'd';
	TRY(shmdt(memory));
}

static void verify_sysv_detached(void)
{
	char *at = shmat(shmget(key(), 0, 0), NULL, 0);

	if (at == (char *)-1) {
		complain("it is gone: %s", strerror(errno));
		return;
	}
	same("its content", 'd', at[5000]);
	shmdt(at);
}

/* --- semaphores and messages ---------------------------------------------- */

static void set_semaphores(void)
{
	unsigned short values[3] = {3, 0, 70};

	id = TRY(semget(key(), 3, IPC_CREAT | 0606));
	TRY(semctl(id, 0, SETALL, values));
}

static void verify_semaphores(void)
{
	static const unsigned short wanted[3] = {3, 0, 70};
	unsigned short values[3] = {0};
	struct semid_ds ds = {0};

	same("the id by its key", id, semget(key(), 0, 0));
	if (semctl(id, 0, IPC_STAT, &ds) < 0 || semctl(id, 0, GETALL, values) < 0)
		complain("they are gone: %s", strerror(errno));
	same("the mode", 0606, ds.sem_perm.mode & 0777);
	for (int i = 0; i < 3; i++)
		same("a value", wanted[i], values[i]);
}

/* What its end has to give back. */
static void take_and_wait(void)
{
	struct sembuf op = {0, -2, SEM_UNDO};

	TRY(semop(id, &op, 1));
	for (;;)
		pause();
}

static bool is_taken(void)
{
	return semctl(id, 0, GETVAL) == 1;
}

static bool is_given_back(void)
{
	return semctl(id, 0, GETVAL) == 3;
}

static void set_undo(void)
{
	id = TRY(semget(IPC_PRIVATE, 1, 0600));
	TRY(semctl(id, 0, SETVAL, 3));
	partner = start_child(take_and_wait);
	if (!comes(is_taken))
		cannot("take a semaphore");
}

static void verify_undo(void)
{
	same("the value", 1, semctl(id, 0, GETVAL));
	kill(partner, SIGKILL);
	waitpid(partner, NULL, 0);
	if (!is_given_back())
		complain("the value is %d after the end of who had taken 2 of 3",
			 semctl(id, 0, GETVAL));
	semctl(id, 0, SETVAL, 3);
	partner = start_child(take_and_wait);
	comes(is_taken);
}

struct message {
	long type;
	char text[100];
};

static const struct message messages[] = {{3, "first"}, {1, "second"}, {3, "third"}, {9, ""}};

static void send_messages(void)
{
	for (int i = 0; i < 4; i++)
		if (msgsnd(id, &messages[i], strlen(messages[i].text), IPC_NOWAIT) < 0)
			complain("sending: %s", strerror(errno));
}

static void set_messages(void)
{
	struct msqid_ds ds;

	id = TRY(msgget(key(), IPC_CREAT | 0622));
	TRY(msgctl(id, IPC_STAT, &ds));
	ds.msg_qbytes = 5000;
	TRY(msgctl(id, IPC_SET, &ds));
	send_messages();
}

static void verify_messages(void)
{
	struct msqid_ds ds = {0};

	same("the id by its key", id, msgget(key(), 0));
	msgctl(id, IPC_STAT, &ds);
	same("msg_qbytes", 5000, (long)ds.msg_qbytes);
	same("msg_qnum", 4, (long)ds.msg_qnum);
	same("the mode", 0622, ds.msg_perm.mode & 0777);
	for (int i = 0; i < 4; i++) {
		struct message m = {0};

		if (msgrcv(id, &m, sizeof(m.text) - 1, 0, IPC_NOWAIT) < 0)
			complain("message %d: %s", i, strerror(errno));
		same("a type", messages[i].type, m.type);
		same_text("a text", messages[i].text, m.text);
	}
	send_messages();
}

/* --- POSIX message queues ------------------------------------------------- */

static mqd_t queue;
static char queue_name[32];

static void send_queue(void)
{
	mq_send(queue, "low", 3, 1);
	mq_send(queue, "high", 4, 5);
}

static void remove_queue(void)
{
	mq_unlink(queue_name);
}

static void set_mqueue(void)
{
	struct mq_attr attr = {.mq_maxmsg = 4, .mq_msgsize = 64};

	snprintf(queue_name, sizeof(queue_name), "/state-%d", getpid());
	queue = TRY(mq_open(queue_name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attr));
	at_end = remove_queue;
	send_queue();
}

static void verify_mqueue(void)
{
	char text[64] = "";
	unsigned int priority = 0;

	if (mq_receive(queue, text, sizeof(text), &priority) < 0)
		complain("nothing comes: %s", strerror(errno));
	same_text("the first", "high", text);
	same("its priority", 5, priority);
	memset(text, 0, sizeof(text));
	mq_receive(queue, text, sizeof(text), &priority);
	same_text("the second", "low", text);
	send_queue();
}

/* Nobody has it open. */
static void set_mqueue_closed(void)
{
	set_mqueue();
	mq_close(queue);
}

static void verify_mqueue_closed(void)
{
	queue = mq_open(queue_name, O_RDWR | O_NONBLOCK);
	if (queue < 0) {
		complain("it is gone: %s", strerror(errno));
		return;
	}
	verify_mqueue();
	mq_close(queue);
}

static sem_t *named;

static void set_named_semaphore(void)
{
	snprintf(shm_name, sizeof(shm_name), "/state-%d", getpid());
	named = sem_open(shm_name, O_CREAT | O_EXCL, 0600, 5);
	if (named == SEM_FAILED)
		cannot("sem_open");
}

static void verify_named_semaphore(void)
{
	sem_t *again = sem_open(shm_name, 0);
	int value = -1;

	sem_getvalue(named, &value);
	same("its value", 5, value);
	if (again == SEM_FAILED) {
		complain("it has no name: %s", strerror(errno));
		return;
	}
	sem_post(again);
	sem_getvalue(named, &value);
	same("its value then", 6, value);
	sem_wait(again);
	if (again != named)
		sem_close(again);
}

const struct kind ipc_kinds[] = {
	{"shared-anonymous", set_anonymous, verify_shared, NULL},
	{"posix-shm", set_posix, verify_posix, NULL},
	{"posix-shm-unlinked", set_posix_unlinked, verify_shared, NULL},
	{"posix-semaphore", set_named_semaphore, verify_named_semaphore, NULL},
	{"sysv-shm", set_sysv, verify_sysv, NULL},
	{"sysv-shm-removed", set_sysv_removed, verify_sysv_removed, NULL},
	{"sysv-shm-detached", set_sysv_detached, verify_sysv_detached, NULL},
	{"sysv-semaphores", set_semaphores, verify_semaphores, NULL},
	{"sysv-semaphore-undo", set_undo, verify_undo, NULL},
	{"sysv-messages", set_messages, verify_messages, NULL},
	{"posix-mqueue", set_mqueue, verify_mqueue, NULL},
	{"posix-mqueue-closed", set_mqueue_closed, verify_mqueue_closed, NULL},
	{0},
};

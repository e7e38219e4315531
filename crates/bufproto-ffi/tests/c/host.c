/* A program without Python that links with the library: it needs no interpreter's symbols. A host with objects of its own
 * fills the table with its own functions. */
#include <bufproto.h>

#include <stdio.h>
#include <string.h>

/* An object of this host: bytes, or something else. */
struct _object {
    const char *bytes;
};

/* The layout of CPython 3's views, of which this host fills three fields. */
struct view {
    void *buf, *obj;
    ptrdiff_t len, itemsize;
    int readonly, ndim;
    void *others[5];
};

static int views;
static char raised[200];
static struct _object type_error, *type_error_place = &type_error;

static int export_view(struct _object *object, void *into, int request)
{
    struct view *view = (struct view *)into;
    if (request & 1) {
        strcpy(raised, "read-only");
        return -1;
    }
    view->buf = (void *)object->bytes;
    view->len = (ptrdiff_t)strlen(object->bytes);
    view->obj = object;
    views++;
    return 0;
}

static void refer(struct _object *object)
{
    (void)object;
}

static void release(void *into)
{
    struct view *view = (struct view *)into;
    if (view->obj != NULL) {
        view->obj = NULL;
        views--;
    }
}

static struct _object *occurred(void)
{
    return raised[0] ? &type_error : NULL;
}

static void clear(void)
{
    raised[0] = 0;
}

static void set_string(struct _object *exception, const char *text)
{
    (void)exception;
    strcpy(raised, text);
}

static void set_with_type(struct _object *exception, const char *text, struct _object *object)
{
    (void)exception;
    (void)object;
    sprintf(raised, text, "number");
}

static const bufproto_interpreter host = {
    sizeof(bufproto_interpreter),
    2,
    0,
    sizeof(struct view),
    refer,
    refer,
    release,
    occurred,
    clear,
    set_string,
    set_with_type,
    NULL,
    NULL,
    NULL,
    {&type_error_place, &type_error_place, &type_error_place, &type_error_place, &type_error_place,
     &type_error_place, &type_error_place},
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
};

#define CHECK(condition) \
    if (!(condition)) { \
        fprintf(stderr, "line %d: " #condition "\n", __LINE__); \
        return 1; \
    }

int main(void)
{
    struct _object bytes = {"hello"}, number = {NULL};
    const void *pointer = NULL;
    void *memory = NULL;
    ptrdiff_t length = -7;
    struct view places[2];
    bufproto_scope scope;

    CHECK(bufproto_as_read_buffer(&host, &bytes, export_view, &pointer, &length) == 0);
    CHECK(length == 5 && memcmp(pointer, "hello", 5) == 0 && views == 0);
    CHECK(bufproto_as_read_buffer(&host, &number, NULL, &pointer, &length) == -1);
    CHECK(strcmp(raised, "a bytes-like object is required, not 'number'") == 0);
    CHECK(bufproto_as_write_buffer(&host, &bytes, export_view, &memory, &length) == -1 && memory == NULL);
    CHECK(strcmp(raised, "expected a writable bytes-like object") == 0);
    clear();
    CHECK(bufproto_check_read_buffer(&host, &bytes, export_view) == 1 && bufproto_check_read_buffer(&host, &number, NULL) == 0);

    CHECK(bufproto_scope_begin(&scope, &host, places, 2) == 0);
    CHECK(bufproto_scope_as_read_buffer(&scope, &bytes, export_view, &pointer, &length) == 0 && views == 1);
    CHECK(bufproto_scope_as_read_buffer(&scope, &bytes, export_view, &pointer, &length) == 0 && views == 2);
    CHECK(bufproto_scope_as_read_buffer(&scope, &bytes, export_view, &pointer, &length) == -1 && views == 2);
    CHECK(bufproto_scope_room(&scope) == 0);
    bufproto_scope_end(&scope);
    bufproto_scope_end(&scope);
    CHECK(views == 0);
    puts(bufproto_version());
    return 0;
}

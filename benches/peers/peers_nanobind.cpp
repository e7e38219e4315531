// nanobind's arrays as peers.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "c/peer.h"

namespace nb = nanobind;

using array = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

static Py_ssize_t use(const array &data)
{
    PEER_USE(data.data(), data.size());
    return static_cast<Py_ssize_t>(data.nbytes());
}

static int ndarray(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    array data;
    if (!nb::try_cast(nb::handle(object), data, false)) {
        return -1;
    }
    *pointer = data.data();
    *length = use(data);
    return 0;
}

NB_MODULE(peers_nanobind, module)
{
    nb::dict peers;
    peers["ndarray"] = nb::capsule(reinterpret_cast<void *>(&ndarray), PEER);
    module.attr("peers") = peers;
    module.def("frame", [](nb::object object) {
        PEER_USE(object.ptr(), 0L);
        return 5;
    });
    module.def("call", [](const array &data) { return use(data); }, nb::arg().noconvert());
}

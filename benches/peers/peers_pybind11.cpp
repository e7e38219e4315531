// pybind11's buffers as peers.
#include <pybind11/pybind11.h>

#include "c/peer.h"

namespace py = pybind11;

static py::ssize_t use(const py::buffer_info &info)
{
    PEER_USE(info.ptr, info.size);
    return info.size * info.itemsize;
}

static int request(PyObject *object, const void **pointer, Py_ssize_t *length)
{
    try {
        const py::buffer_info info = py::reinterpret_borrow<py::buffer>(object).request();
        *pointer = info.ptr;
        *length = use(info);
        return 0;
    } catch (py::error_already_set &) {
        return -1;
    }
}

#if PYBIND11_VERSION_HEX >= 0x020d0000
PYBIND11_MODULE(peers_pybind11, module, py::mod_gil_not_used())
#else
PYBIND11_MODULE(peers_pybind11, module)
#endif
{
    py::dict peers;
    peers["request()"] = py::capsule(reinterpret_cast<void *>(&request), PEER);
    module.attr("peers") = peers;
    module.def("frame", [](const py::object &object) {
        PEER_USE(object.ptr(), 0L);
        return 5;
    });
    module.def("call", [](const py::buffer &data) { return use(data.request()); });
}

"""Works with numpy on a vector of Rust's."""

import numpy

from export import squares

series = squares(5)
array = numpy.asarray(series)
assert (array.dtype, array.tolist()) == (numpy.float64, [0, 1, 4, 9, 16])

# It is the vector itself, to read and to write.
array /= 2
assert memoryview(series).tolist() == [0, 0.5, 2, 4.5, 8]

# Which does not move while the array is there.
try:
    series.extend(numpy.ones(1000))
except BufferError as error:
    assert "Existing exports" in str(error), error
else:
    raise AssertionError("moved under its user")
del array
series.extend(numpy.ones(1000))
assert len(numpy.asarray(series)) == 1005

# The memory outlives its object.
array = numpy.asarray(squares(3))
assert array.sum() == 5

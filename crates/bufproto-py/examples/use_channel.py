"""Takes channels out of images of several layouts."""

import numpy

from channel import channel

image = numpy.arange(4 * 5 * 3, dtype=numpy.uint8).reshape(4, 5, 3)
layouts = {
    "as it is": image,
    "upside down": image[::-1],
    "every second pixel": image[::2, ::2],
    "blue, green, red": image[:, :, ::-1],
    "column by column": numpy.asfortranarray(image),
    "of planes": numpy.ascontiguousarray(image.transpose(2, 0, 1)).transpose(1, 2, 0),
    "without a pixel": image[:0],
}
for name, layout in layouts.items():
    for index in range(3):
        assert channel(layout, index) == layout[:, :, index].tobytes(), (name, index)

for refused, why in [
    (lambda: channel(image, 3), IndexError),
    (lambda: channel(image[0], 0), ValueError),
    (lambda: channel(image.astype(float), 0), TypeError),
]:
    try:
        refused()
    except why:
        pass
    else:
        raise AssertionError("it should have raised " + why.__name__)

"""The ingot program, which pip installs next to this package."""

import os
import sysconfig


def find_ingot():
    """Return the path of the program.

    Raises FileNotFoundError if it is in none of the folders in which installers put it.
    """
    package = os.path.dirname(os.path.abspath(__file__))
    folders = [
        sysconfig.get_path("scripts"),
        # pip install --user
        sysconfig.get_path("scripts", scheme=f"{os.name}_user"),
        # pip install --target and --prefix: DIR/ingot and DIR/lib/pythonX.Y/site-packages/ingot
        os.path.join(os.path.dirname(package), "bin"),
        os.path.join(os.path.abspath(os.path.join(package, *[os.pardir] * 4)), "bin"),
    ]
    for folder in folders:
        path = os.path.join(folder, "ingot")
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise FileNotFoundError(f"ingot is in none of {', '.join(folders)}")

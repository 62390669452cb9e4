"""Le point d'entrée du conteneur : exécuter la commande demandée au nom du propriétaire du volume.

Le conteneur démarre en root ; ce qu'il écrirait dans `aurore/` appartiendrait à root, et la personne dont c'est le
dossier ne pourrait plus l'effacer. Sous Docker Desktop, et sans volume, le propriétaire est déjà le bon.
"""

import os
import sys


def main(command: list[str]) -> None:
    owner = os.stat("/aurore")
    if os.getuid() == 0 and owner.st_uid != 0:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])

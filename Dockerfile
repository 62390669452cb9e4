FROM python:3.11-slim

# Les paquets d'abord, dans une couche à eux : changer le code ne les réinstalle pas. Les en-têtes C++ de TensorFlow
# (430 Mo) ne servent qu'à compiler.
COPY requirements.txt /
RUN pip install --no-cache-dir --root-user-action=ignore -r /requirements.txt \
 && rm -rf "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/tensorflow/include"

# AURORE_CONTAINER : la page écoute sur le port 80, et pour toute la salle. HOME : les bibliothèques y écrivent parfois.
ENV AURORE_CONTAINER=1 HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

# Le code est aussi dans l'image : sans volume, la démonstration et la page marchent quand même.
COPY aurore /aurore
EXPOSE 80
ENTRYPOINT ["python", "/aurore/atelier/container.py"]
CMD ["python", "aurore/demo.py"]

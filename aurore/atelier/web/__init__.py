"""La page web, hors de la leçon : ce qu'on lui demande, la boucle qui écrit, ce qu'elle répond, et le serveur qui la montre."""

/** German. */
import type { LivenessStrings } from './strings.ts'

export const de: LivenessStrings = {
  locale: 'de',
  dir: 'ltr',
  hints: {
    'no-face': 'Halten Sie Ihr Gesicht ins Bild.',
    'multiple-faces': 'Nur eine Person darf im Bild sein.',
    'face-too-small': 'Kommen Sie näher.',
    'face-too-close': 'Gehen Sie etwas zurück.',
    'face-cut-off': 'Halten Sie Ihr ganzes Gesicht ins Bild.',
    'too-dark': 'Sorgen Sie für mehr Licht.',
    'too-bright': 'Vermeiden Sie grelles Licht im Gesicht.',
    'low-contrast': 'Sorgen Sie für gleichmäßiges Licht und eine saubere Linse.',
    blurred: 'Halten Sie still, bis das Bild scharf ist.',
    'face-turned': 'Schauen Sie gerade in die Kamera.',
    'face-tilted': 'Halten Sie den Kopf gerade.',
    occluded: 'Nehmen Sie ab, was Ihr Gesicht verdeckt.',
    'attack-suspected':
      'Wir konnten nicht sicher sehen, dass ein echtes Gesicht da ist. Sorgen Sie für gleichmäßiges Licht, nehmen Sie ab, was spiegelt, und schauen Sie gerade in die Kamera.',
    unstable: 'Halten Sie still, etwas näher.',
    'face-cropped': 'Gehen Sie etwas zurück, bis Ihr ganzer Kopf zu sehen ist.',
    'no-colour': 'Verwenden Sie eine Farbkamera und normales Licht.',
    uncertain: 'Halten Sie still und schauen Sie bei gleichmäßigem Licht in die Kamera.',
    'timed-out': 'Das hat zu lange gedauert. Bitte versuchen Sie es noch einmal.',
    'frozen-frames': 'Das Kamerabild ändert sich nicht. Bitte nehmen Sie eine andere Kamera.',
    'face-changed': 'Bleiben Sie im Bild, bis es fertig ist.',
    'challenge-failed': 'Bitte machen Sie die gezeigte Bewegung.',
    'allow-camera': 'Erlauben Sie die Kamera, um fortzufahren.',
    loading: 'Einen Moment…',
    'centre-face': 'Halten Sie Ihr Gesicht ins Oval.',
    'hold-still': 'Bitte stillhalten…',
    submitting: 'Wird geprüft…',
    'move-closer': 'Kommen Sie langsam näher.',
    'turn-left': 'Drehen Sie den Kopf nach links und halten Sie still.',
    'turn-right': 'Drehen Sie den Kopf nach rechts und halten Sie still.',
    'frame-timing': 'Ihr Gerät war zu beschäftigt. Schließen Sie andere Programme und versuchen Sie es noch einmal.',
    'image-dark': 'Das Bild ist dunkel. Decken Sie die Kamera auf oder sorgen Sie für mehr Licht.',
    moving: 'Halten Sie still.',
    restarting: 'Es beginnt von vorn…',
    again: 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.',
  },
  errors: {
    CAMERA_DENIED: [
      'Die Kamera ist gesperrt',
      'Erlauben Sie die Kamera in den Einstellungen des Browsers und versuchen Sie es noch einmal.',
    ],
    CAMERA_POLICY: [
      'Die Kamera ist hier nicht erlaubt',
      'Diese Seite liegt in einer anderen Seite, die die Kamera erlauben muss. Öffnen Sie sie in einem eigenen Fenster.',
    ],
    CAMERA_NOT_FOUND: ['Keine Kamera gefunden', 'Schließen Sie eine Kamera an und versuchen Sie es noch einmal.'],
    CAMERA_IN_USE: [
      'Die Kamera ist besetzt',
      'Schließen Sie andere Programme, die die Kamera benutzen, und versuchen Sie es noch einmal.',
    ],
    CAMERA_ENDED: [
      'Die Kamera wurde getrennt',
      'Verbinden oder erlauben Sie sie wieder und versuchen Sie es noch einmal.',
    ],
    CAMERA_NO_FRAMES: [
      'Die Kamera zeigt nichts',
      'Schließen Sie andere Programme, die die Kamera benutzen, oder wählen Sie eine andere Kamera.',
    ],
    CAMERA_STALLED: [
      'Die Kamera blieb stehen',
      'Lassen Sie diese Seite vorn, schließen Sie andere Programme und versuchen Sie es noch einmal.',
    ],
    CAMERA_INSECURE: [
      'Diese Seite ist nicht sicher',
      'Browser öffnen die Kamera nur auf sicheren Seiten. Öffnen Sie die Adresse mit https.',
    ],
    CAMERA_UNSUPPORTED: [
      'Dieser Browser hat keine Kamera',
      'Öffnen Sie diese Seite in einem anderen Browser, etwa Chrome, Firefox oder Safari.',
    ],
    PLAYBACK_BLOCKED: [
      'Das Kamerabild läuft nicht',
      'Starten Sie es mit der Schaltfläche. Schalten Sie den Stromsparmodus aus, wenn es so bleibt.',
    ],
    NETWORK: ['Keine Verbindung', 'Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.'],
    DOWNLOAD_TIMEOUT: [
      'Das Laden dauert zu lange',
      'Ihre Verbindung ist langsam oder unterbrochen. Versuchen Sie es noch einmal oder in einem anderen Netz.',
    ],
    SERVER_TIMEOUT: [
      'Der Server antwortet nicht',
      'Es liegt nicht an Ihnen oder Ihrer Kamera. Versuchen Sie es gleich noch einmal.',
    ],
    OVERLOADED: ['Viele warten gerade', 'Der Server ist ausgelastet. Versuchen Sie es gleich noch einmal.'],
    ATTEMPTS_EXCEEDED: [
      'Zu viele Versuche',
      'Zu Ihrer Sicherheit gibt es jetzt eine Pause. Versuchen Sie es später noch einmal.',
    ],
    SESSION_EXPIRED: ['Die Zeit ist um', 'Beginnen Sie von vorn, wenn Sie bereit sind.'],
    SUBJECT_MISSING: [
      'Bitte melden Sie sich erst an',
      'Ihre Anmeldung ist abgelaufen. Melden Sie sich an und kommen Sie zurück.',
    ],
    other: ['Die Prüfung ist nicht möglich', 'Bitte versuchen Sie es später noch einmal.'],
  },
  permission: {
    chromium:
      'Wählen Sie das Symbol neben der Adresse dieser Seite, erlauben Sie die Kamera und versuchen Sie es noch einmal.',
    firefox:
      'Wählen Sie die durchgestrichene Kamera in der Adressleiste, heben Sie die Sperre auf und versuchen Sie es noch einmal.',
    safari:
      'Öffnen Sie Safari, Einstellungen für diese Website, stellen Sie die Kamera auf „Erlauben“ und versuchen Sie es noch einmal.',
    ios: 'Tippen Sie auf die Taste neben der Adresse, dann auf Website-Einstellungen, erlauben Sie die Kamera und versuchen Sie es noch einmal.',
  },
  labels: {
    title: 'Zeigen Sie, dass Sie es sind',
    intro: 'Wir sehen Ihr Gesicht einige Sekunden durch die Kamera an. Suchen Sie einen Platz mit gutem Licht.',
    start: 'Kamera starten',
    cancel: 'Abbrechen',
    retry: 'Noch einmal',
    retryIn: 'Noch einmal in {time}',
    chooseCamera: 'Kamera wählen',
    preview: 'Kamerabild',
    progress: 'Fortschritt',
    live: 'Fertig',
    spoof: 'Kein lebendes Gesicht bestätigt',
    tryAgain: 'Bitte noch einmal',
    paused: 'Angehalten',
    camera: 'Kamera',
  },
}

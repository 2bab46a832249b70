package editkittest

// message is a text for people that EditingTools has in several languages. The
// wording of the live service is known for two of them only, in English.
type message int

const (
	msgRunning message = iota
	msgFinished
	msgFailed
	msgUnauthorized
	msgUpgrade
	msgNoProcesses
	msgNoProcess
	msgNoFiles
	msgMethod
	msgRateLimited
	msgMediaType     // the type that it should be
	msgNotMultipart  //
	msgIncomplete    //
	msgNotJSON       //
	msgMissing       // the field
	msgBadField      // the field
	msgUnprocessable // the reason
	msgInternal
	msgBadLine     // the line number
	msgNoSubtitles //
	msgBadImage
	messageCount
)

// catalog has all texts by language.
var catalog = map[string][messageCount]string{
	"en": {
		msgRunning:       "Processing",
		msgFinished:      "Finished",
		msgFailed:        "Failed",
		msgUnauthorized:  "The user name or the API key is not valid.",
		msgUpgrade:       "Upgrade required: this feature needs an active Pro subscription.",
		msgNoProcesses:   "No processes were found in the associated account.",
		msgNoProcess:     "There is no such process.",
		msgNoFiles:       "No files were found in the associated account.",
		msgMethod:        "This method is not allowed here.",
		msgRateLimited:   "Too many requests. Try again in some seconds.",
		msgMediaType:     "The content type must be %s.",
		msgNotMultipart:  "The request is not a valid multipart form.",
		msgIncomplete:    "The upload is incomplete.",
		msgNotJSON:       "The request is not valid JSON.",
		msgMissing:       "The parameter %q is missing.",
		msgBadField:      "The value of the parameter %q is not allowed.",
		msgUnprocessable: "The file could not be processed. %s",
		msgInternal:      "Something is broken on our side.",
		msgBadLine:       "Line %d is not valid here.",
		msgNoSubtitles:   "The file has no subtitles.",
		msgBadImage:      "The image cannot be read.",
	},
	"de": {
		msgRunning:       "In Bearbeitung",
		msgFinished:      "Abgeschlossen",
		msgFailed:        "Fehlgeschlagen",
		msgUnauthorized:  "Der Benutzername oder der API-Schlüssel ist ungültig.",
		msgUpgrade:       "Upgrade erforderlich: Für diese Funktion wird ein aktives Pro-Abonnement benötigt.",
		msgNoProcesses:   "Im zugehörigen Konto wurden keine Prozesse gefunden.",
		msgNoProcess:     "Diesen Prozess gibt es nicht.",
		msgNoFiles:       "Im zugehörigen Konto wurden keine Dateien gefunden.",
		msgMethod:        "Diese Methode ist hier nicht erlaubt.",
		msgRateLimited:   "Zu viele Anfragen. Bitte in einigen Sekunden erneut versuchen.",
		msgMediaType:     "Der Inhaltstyp muss %s sein.",
		msgNotMultipart:  "Die Anfrage ist kein gültiges Multipart-Formular.",
		msgIncomplete:    "Der Upload ist unvollständig.",
		msgNotJSON:       "Die Anfrage ist kein gültiges JSON.",
		msgMissing:       "Der Parameter %q fehlt.",
		msgBadField:      "Der Wert des Parameters %q ist nicht erlaubt.",
		msgUnprocessable: "Die Datei konnte nicht verarbeitet werden. %s",
		msgInternal:      "Bei uns ist etwas schiefgelaufen.",
		msgBadLine:       "Zeile %d ist an dieser Stelle ungültig.",
		msgNoSubtitles:   "Die Datei enthält keine Untertitel.",
		msgBadImage:      "Das Bild kann nicht gelesen werden.",
	},
	"es": {
		msgRunning:       "En proceso",
		msgFinished:      "Finalizado",
		msgFailed:        "Fallido",
		msgUnauthorized:  "El nombre de usuario o la clave de API no son válidos.",
		msgUpgrade:       "Se requiere una mejora: esta función necesita una suscripción Pro activa.",
		msgNoProcesses:   "No se encontraron procesos en la cuenta asociada.",
		msgNoProcess:     "Ese proceso no existe.",
		msgNoFiles:       "No se encontraron archivos en la cuenta asociada.",
		msgMethod:        "Este método no está permitido aquí.",
		msgRateLimited:   "Demasiadas solicitudes. Inténtelo de nuevo en unos segundos.",
		msgMediaType:     "El tipo de contenido debe ser %s.",
		msgNotMultipart:  "La solicitud no es un formulario multipart válido.",
		msgIncomplete:    "La subida está incompleta.",
		msgNotJSON:       "La solicitud no es un JSON válido.",
		msgMissing:       "Falta el parámetro %q.",
		msgBadField:      "El valor del parámetro %q no está permitido.",
		msgUnprocessable: "No se pudo procesar el archivo. %s",
		msgInternal:      "Algo ha fallado por nuestra parte.",
		msgBadLine:       "La línea %d no es válida aquí.",
		msgNoSubtitles:   "El archivo no contiene subtítulos.",
		msgBadImage:      "No se puede leer la imagen.",
	},
	"fr": {
		msgRunning:       "En cours de traitement",
		msgFinished:      "Terminé",
		msgFailed:        "Échec",
		msgUnauthorized:  "Le nom d'utilisateur ou la clé d'API n'est pas valide.",
		msgUpgrade:       "Mise à niveau requise : cette fonction nécessite un abonnement Pro actif.",
		msgNoProcesses:   "Aucun processus n'a été trouvé dans le compte associé.",
		msgNoProcess:     "Ce processus n'existe pas.",
		msgNoFiles:       "Aucun fichier n'a été trouvé dans le compte associé.",
		msgMethod:        "Cette méthode n'est pas autorisée ici.",
		msgRateLimited:   "Trop de requêtes. Réessayez dans quelques secondes.",
		msgMediaType:     "Le type de contenu doit être %s.",
		msgNotMultipart:  "La requête n'est pas un formulaire multipart valide.",
		msgIncomplete:    "L'envoi du fichier est incomplet.",
		msgNotJSON:       "La requête n'est pas un JSON valide.",
		msgMissing:       "Le paramètre %q est manquant.",
		msgBadField:      "La valeur du paramètre %q n'est pas autorisée.",
		msgUnprocessable: "Le fichier n'a pas pu être traité. %s",
		msgInternal:      "Une erreur s'est produite de notre côté.",
		msgBadLine:       "La ligne %d n'est pas valide à cet endroit.",
		msgNoSubtitles:   "Le fichier ne contient aucun sous-titre.",
		msgBadImage:      "L'image ne peut pas être lue.",
	},
	"ja": {
		msgRunning:       "処理中",
		msgFinished:      "完了",
		msgFailed:        "失敗",
		msgUnauthorized:  "ユーザー名またはAPIキーが正しくありません。",
		msgUpgrade:       "アップグレードが必要です。この機能の利用には有効なProプランが必要です。",
		msgNoProcesses:   "このアカウントにはプロセスがありません。",
		msgNoProcess:     "このプロセスは存在しません。",
		msgNoFiles:       "このアカウントにはファイルがありません。",
		msgMethod:        "このメソッドはここでは使用できません。",
		msgRateLimited:   "リクエストが多すぎます。数秒後にもう一度お試しください。",
		msgMediaType:     "コンテンツタイプは %s である必要があります。",
		msgNotMultipart:  "リクエストが有効なマルチパートフォームではありません。",
		msgIncomplete:    "アップロードが途中で終わっています。",
		msgNotJSON:       "リクエストが有効なJSONではありません。",
		msgMissing:       "パラメーター %q がありません。",
		msgBadField:      "パラメーター %q の値は使用できません。",
		msgUnprocessable: "ファイルを処理できませんでした。%s",
		msgInternal:      "サーバー側で問題が発生しました。",
		msgBadLine:       "%d行目が正しくありません。",
		msgNoSubtitles:   "ファイルに字幕がありません。",
		msgBadImage:      "画像を読み込めません。",
	},
}

import type { Phrases } from './phrases.ts';

/** What the worker, the media and the engine say, in German. The keys are their own words; src/ui/phrases.test.ts finds those that are missing. */
export const germanPhrases: Phrases = {
  // The pack and its graphs
  'The pack’s file {0} is not there.': 'Die Datei {0} des Pakets fehlt.',
  'Check that the pack’s folder is complete where the page is served, then load again.':
    'Prüfen, ob der Ordner des Pakets dort vollständig ist, wo die Seite ausgeliefert wird, dann neu laden.',
  'The pack’s file {0} could not be downloaded.': 'Die Datei {0} des Pakets konnte nicht geladen werden.',
  'Check the connection and that the page is still served, then load again.':
    'Prüfen, ob die Verbindung steht und die Seite noch ausgeliefert wird, dann neu laden.',
  'The pack file {0} is damaged: it is not the one that the manifest lists.':
    'Die Datei {0} des Pakets ist beschädigt: es ist nicht die, die das Manifest nennt.',
  'Get the pack again from where it came.': 'Das Paket dort neu beschaffen, woher es kam.',
  'Get the pack again from where it came, then reload.': 'Das Paket dort neu beschaffen, woher es kam, dann neu laden.',
  'The server may have a newer version by now: reload, and take it where the page offers it. Else get the pack again from where it came.':
    'Der Server hat inzwischen vielleicht eine neuere Version: neu laden und sie nehmen, wo die Seite sie anbietet. Sonst das Paket dort neu beschaffen, woher es kam.',
  'The pack’s manifest.json cannot be read.': 'Die manifest.json des Pakets kann nicht gelesen werden.',
  'The pack’s manifest is not valid.': 'Das Manifest des Pakets ist ungültig.',
  'The pack’s manifest names a file that it does not list.': 'Das Manifest des Pakets nennt eine Datei, die es nicht aufführt.',
  'The pack’s manifest names files that it does not list.': 'Das Manifest des Pakets nennt Dateien, die es nicht aufführt.',
  'This pack has format {0}; this version reads format 1.': 'Dieses Paket hat Format {0}; diese Version liest Format 1.',
  'Update the app, or use an older pack.': 'Die App aktualisieren oder ein älteres Paket nehmen.',
  'The pack’s emotion labels are not the eight that this app knows.': 'Die Emotionen des Pakets sind nicht die acht, die diese App kennt.',
  'The pack’s table of drafts cannot be read.': 'Die Entwurfstabelle des Pakets kann nicht gelesen werden.',
  'The pack’s plan for 8-bit matrices is not valid.': 'Der Plan des Pakets für 8-Bit-Matrizen ist ungültig.',
  'The pack’s text classifier cannot be read.': 'Der Textklassifikator des Pakets kann nicht gelesen werden.',
  'The pack’s token embeddings do not fit its manifest.': 'Die Token-Einbettungen des Pakets passen nicht zu seinem Manifest.',
  'The pack’s tokenizer cannot be used.': 'Der Tokenizer des Pakets ist nicht zu gebrauchen.',
  'The pack’s {0} graph does not fit its manifest.': 'Der Graph {0} des Pakets passt nicht zu seinem Manifest.',
  'The pack’s {0} graph has other names than its manifest says.': 'Der Graph {0} des Pakets hat andere Namen, als sein Manifest sagt.',
  'The pack’s language model gives no logits that this version can read.':
    'Das Sprachmodell des Pakets gibt keine Logits, die diese Version lesen kann.',
  'The pack is not loaded.': 'Das Paket ist nicht geladen.',
  'Load it first.': 'Es erst laden.',
  'The {0} graph stopped working.': 'Der Graph {0} hat aufgehört zu arbeiten.',
  'The {0} graph could not be opened.': 'Der Graph {0} konnte nicht geöffnet werden.',
  'Reload; if it happens again, choose another backend in the settings.':
    'Neu laden; kommt es wieder vor, in den Einstellungen ein anderes Backend wählen.',
  'The language model computes wrong numbers on this machine.': 'Das Sprachmodell rechnet auf diesem Gerät falsch.',
  'Update the browser or the graphics driver.': 'Den Browser oder den Grafiktreiber aktualisieren.',
  'The prompt is too long for the language model.': 'Der Prompt ist zu lang für das Sprachmodell.',
  'Use fewer words.': 'Weniger Wörter nehmen.',
  'The faces’ reader is still loading.': 'Das Gesichtsmodell wird noch geladen.',
  'The language model is still loading.': 'Das Sprachmodell wird noch geladen.',
  'The model is still loading.': 'Das Modell wird noch geladen.',
  'Wait a moment, then try again.': 'Einen Moment warten, dann noch einmal versuchen.',
  'This part of the model could not be loaded.': 'Dieser Teil des Modells konnte nicht geladen werden.',

  // Foundation models
  'The prompt is too long for the foundation model.': 'Der Prompt ist zu lang für das Basismodell.',
  'The foundation model’s decoder gives no logits.': 'Der Decoder des Basismodells gibt keine Logits.',
  'Remove the pack, then get it again.': 'Das Paket entfernen, dann neu laden.',
  '{0} cannot run here: it needs WebGPU.': '{0} läuft hier nicht: es braucht WebGPU.',
  '{0} cannot run here: it needs WebGPU with 16-bit shaders.': '{0} läuft hier nicht: es braucht WebGPU mit 16-Bit-Shadern.',
  '{0} cannot run here: it has no files of a kind that can be used.':
    '{0} läuft hier nicht: es hat keine Dateien einer Art, die sich verwenden lässt.',
  'Choose another pack.': 'Ein anderes Paket wählen.',
  'Choose a smaller model, or a browser and a graphics card that have it.':
    'Ein kleineres Modell wählen oder einen Browser und eine Grafikkarte, die es haben.',
  'The foundation model’s files cannot be used.': 'Die Dateien des Basismodells sind nicht zu gebrauchen.',
  'The foundation model could not take this question.': 'Das Basismodell konnte diese Frage nicht annehmen.',
  'The foundation model stopped working.': 'Das Basismodell hat aufgehört zu arbeiten.',
  'The foundation model could not be opened.': 'Das Basismodell konnte nicht geöffnet werden.',
  'Made from a folder without a manifest: its licence and its memory are not known here.':
    'Aus einem Ordner ohne Manifest: Lizenz und Speicherbedarf sind hier nicht bekannt.',
  'This folder holds no vision-language model that can be used.': 'In diesem Ordner ist kein Bild-Sprach-Modell, das benutzt werden kann.',
  'Give a folder with config.json and onnx/, as transformers.js expects them.':
    'Einen Ordner mit config.json und onnx/ nehmen, wie transformers.js sie erwartet.',
  'What the whole picture makes people feel is read by the pack’s own language model, which is not loaded.':
    'Was das ganze Bild fühlen lässt, liest das eigene Sprachmodell des Pakets, das nicht geladen ist.',
  'Choose the pack’s own language model.': 'Das eigene Sprachmodell des Pakets wählen.',
  'The pack’s own language model answers, since {0} could not be loaded. {1} {2}':
    'Das eigene Sprachmodell des Pakets antwortet, denn {0} konnte nicht geladen werden. {1} {2}',
  'The pack’s own language model answers, since the chosen one cannot be used. {0} {1}':
    'Das eigene Sprachmodell des Pakets antwortet, denn das gewählte ist nicht zu gebrauchen. {0} {1}',

  // Packs that are fetched, kept and imported
  'There is no more room for this pack.': 'Für dieses Paket ist kein Platz mehr.',
  'Remove packs or kept sessions that you no longer need, or free space on this device, then go on; what came so far stays.':
    'Nicht mehr gebrauchte Pakete oder Sitzungen entfernen oder auf dem Gerät Platz schaffen, dann weitermachen; was schon da ist, bleibt.',
  'The pack could not be written to this device’s storage.': 'Das Paket konnte nicht im Speicher dieses Geräts abgelegt werden.',
  'Check that the browser may store data for this page, then go on.':
    'Prüfen, ob der Browser für diese Seite Daten speichern darf, dann weitermachen.',
  'The host {0} does not answer.': 'Der Server {0} antwortet nicht.',
  'Check the connection and the address of the hub, then go on; what came so far stays.':
    'Verbindung und Adresse des Hubs prüfen, dann weitermachen; was schon da ist, bleibt.',
  'The host does not give {0} without a sign-in.': 'Der Server gibt {0} nicht ohne Anmeldung her.',
  'Choose another pack, or take its files from a mirror or from disk.':
    'Ein anderes Paket wählen oder seine Dateien von einem Spiegel oder vom Gerät nehmen.',
  'The host wants a pause before it gives {0}.': 'Der Server verlangt eine Pause, bevor er {0} hergibt.',
  'Wait a few minutes, then go on; what came so far stays.': 'Einige Minuten warten, dann weitermachen; was schon da ist, bleibt.',
  'The host could not deliver {0}.': 'Der Server konnte {0} nicht liefern.',
  'Try again later; what came so far stays.': 'Später noch einmal versuchen; was schon da ist, bleibt.',
  'The host has no {0}.': 'Der Server hat {0} nicht.',
  'Check the address of the hub or mirror, or choose another pack.':
    'Die Adresse des Hubs oder Spiegels prüfen oder ein anderes Paket wählen.',
  '{0} came damaged: it is not the one that the pack names.': '{0} kam beschädigt an: es ist nicht die Datei, die das Paket nennt.',
  'Try again; if it happens again, something on the way or on the host has changed it.':
    'Noch einmal versuchen; kommt es wieder vor, hat etwas auf dem Weg oder auf dem Server sie verändert.',
  'The host’s list of files of {0} cannot be read.': 'Die Dateiliste des Servers zu {0} kann nicht gelesen werden.',
  'Nothing of the pack stays here. Open it again when you like.': 'Vom Paket bleibt hier nichts. Jederzeit wieder öffnen.',
  'What came so far stays. Go on when you like.': 'Was schon da ist, bleibt. Jederzeit weitermachen.',
  'What looks after the packs stopped unexpectedly.': 'Die Verwaltung der Pakete wurde unerwartet beendet.',
  'What looks after the packs does not answer any more.': 'Die Verwaltung der Pakete antwortet nicht mehr.',
  'Try it again; what came so far stays.': 'Noch einmal versuchen; was schon da ist, bleibt.',
  'Try it again: what was kept in memory is lost.': 'Noch einmal versuchen: was im Arbeitsspeicher lag, ist verloren.',
  'The server’s pack was refused: {0} The last good one goes on.':
    'Das Paket des Servers wurde abgelehnt: {0} Das letzte gute läuft weiter.',
  'The server’s pack cannot be had: the one that this browser has kept is used.':
    'Das Paket des Servers ist nicht zu bekommen: benutzt wird das, das dieser Browser behalten hat.',
  'This browser’s storage does not answer, so nothing more of the pack is kept at this visit.':
    'Der Speicher dieses Browsers antwortet nicht, deshalb wird bei diesem Besuch nichts mehr vom Paket behalten.',
  'There is no room in this browser to keep the pack, so it is downloaded at each start.':
    'In diesem Browser ist kein Platz, um das Paket zu behalten; es wird bei jedem Start neu geladen.',
  'The pack file {0} cannot be read, or is cut off.': 'Die Datei {0} des Pakets ist nicht lesbar oder abgeschnitten.',
  'Check that the pack is complete, then open it again.': 'Prüfen, ob das Paket vollständig ist, dann noch einmal öffnen.',
  'This archive cannot be read as a pack.': 'Dieses Archiv ist nicht als Paket zu lesen.',
  'Pack the folder again as a plain ZIP, or open the folder itself.':
    'Den Ordner noch einmal als einfaches ZIP packen oder den Ordner selbst öffnen.',
  'This pack names a file outside of its own folder.': 'Dieses Paket nennt eine Datei außerhalb seines eigenen Ordners.',
  'There is no manifest.json in what was opened, and it is no model that this page knows.':
    'Im Geöffneten ist keine manifest.json, und es ist kein Modell, das diese Seite kennt.',
  'Open a pack’s folder or a ZIP of it; of a model from the hub, the folder must have the repository’s name and all files that are needed.':
    'Den Ordner eines Pakets oder ein ZIP davon öffnen; bei einem Modell vom Hub muss der Ordner den Namen des Repositorys und alle nötigen Dateien haben.',
  'The pack {0} is not on this device, or not all of it.': 'Das Paket {0} ist nicht oder nicht ganz auf diesem Gerät.',
  'Download it under “Model packs”, or open it from disk.': 'Unter „Modellpakete“ laden oder vom Gerät öffnen.',
  'A file of the pack {0} cannot be read now.': 'Eine Datei des Pakets {0} ist gerade nicht zu lesen.',
  'The stored pack {0} is damaged.': 'Das gespeicherte Paket {0} ist beschädigt.',
  'Download it again under “Model packs”: only what is damaged is fetched. One from disk must be opened again.':
    'Unter „Modellpakete“ noch einmal laden: nur das Beschädigte wird geholt. Eines vom Gerät muss neu geöffnet werden.',
  'The pack could not be removed.': 'Das Paket konnte nicht entfernt werden.',
  'Close other tabs of this page, then try again.': 'Andere Tabs dieser Seite schließen, dann noch einmal versuchen.',
  'There is no room for this pack: {0} are missing, {1} are free.': 'Für dieses Paket ist kein Platz: es fehlen {0}, frei sind {1}.',
  'Remove packs that you no longer need, or free space on this device, then go on. Here are {0}.':
    'Nicht mehr gebrauchte Pakete entfernen oder auf dem Gerät Platz schaffen, dann weitermachen. Hier liegen {0}.',
  'Free space on this device, or choose a smaller pack, then go on.':
    'Auf dem Gerät Platz schaffen oder ein kleineres Paket wählen, dann weitermachen.',
  'There is no pack {0}.': 'Es gibt kein Paket {0}.',
  'Check the address of the page, or open the pack from disk.': 'Die Adresse der Seite prüfen oder das Paket vom Gerät öffnen.',
  '{0} came from disk and is damaged here.': '{0} kam vom Gerät und ist hier beschädigt.',
  'Open it from disk again.': 'Es noch einmal vom Gerät öffnen.',

  // The machine and the browser
  'This device ran out of memory.': 'Diesem Gerät ist der Speicher ausgegangen.',
  'Close other tabs and programs, then reload.': 'Andere Tabs und Programme schließen, dann neu laden.',
  'Close other tabs and programs, then load again.': 'Andere Tabs und Programme schließen, dann neu laden.',
  'There is no memory for this picture.': 'Für dieses Bild reicht der Speicher nicht.',
  'Close other tabs and programs, or open a smaller one.': 'Andere Tabs und Programme schließen oder ein kleineres öffnen.',
  'The picture’s pixels could not be had.': 'Die Pixel des Bildes waren nicht zu bekommen.',
  'The pixels of {0} could not be had.': 'Die Pixel von {0} waren nicht zu bekommen.',
  'Try it again.': 'Noch einmal versuchen.',
  'The graphics device was lost.': 'Die Verbindung zur Grafikkarte ging verloren.',
  'Reload the page; if it happens again, choose WebAssembly in the settings.':
    'Die Seite neu laden; kommt es wieder vor, in den Einstellungen WASM wählen.',
  'This browser’s WebAssembly has no SIMD, without which nothing can be read here.':
    'Dem WebAssembly dieses Browsers fehlt SIMD, ohne das hier nichts gelesen werden kann.',
  'Update the browser, or use a current Chrome, Edge, Firefox or Safari.':
    'Den Browser aktualisieren oder einen aktuellen Chrome, Edge, Firefox oder Safari nehmen.',
  'This browser offers no WebGPU.': 'Dieser Browser bietet kein WebGPU.',
  'Run on WASM, which is slower, or open the page in a browser that has WebGPU.':
    'Auf WASM laufen lassen, was langsamer ist, oder die Seite in einem Browser mit WebGPU öffnen.',
  'The analysis does not answer any more.': 'Die Analyse antwortet nicht mehr.',
  'The analysis was interrupted and has been started again.': 'Die Analyse wurde unterbrochen und neu gestartet.',
  'The pack’s goldens cannot be read.': 'Die Prüfwerte des Pakets lassen sich nicht lesen.',
  'The {0} graph computes wrong numbers on this machine.': 'Der Graph {0} rechnet auf diesem Gerät falsch.',
  'The evaluation stopped unexpectedly.': 'Die Auswertung hat unerwartet aufgehört.',
  'The evaluation does not answer any more.': 'Die Auswertung antwortet nicht mehr.',
  'Start it again. If it happens again, choose another backend or fewer pictures.':
    'Noch einmal starten. Kommt es wieder vor, ein anderes Backend oder weniger Bilder wählen.',
  'The self-test stopped unexpectedly.': 'Der Selbsttest hat unerwartet aufgehört.',
  'The self-test does not answer any more.': 'Der Selbsttest antwortet nicht mehr.',
  'Run it again.': 'Noch einmal laufen lassen.',
  'Start it again; if it happens again, choose another backend.': 'Noch einmal starten; kommt es wieder vor, ein anderes Backend wählen.',
  'Close other tabs and programs, then start it again.': 'Andere Tabs und Programme schließen, dann noch einmal starten.',
  'The analysis stopped unexpectedly.': 'Die Analyse hat unerwartet aufgehört.',
  'Load again; what was read so far stays.': 'Neu laden; was bisher gelesen wurde, bleibt.',
  'The analysis of this picture stopped unexpectedly.': 'Die Analyse dieses Bildes hat unerwartet aufgehört.',
  'Something went wrong inside the program.': 'Im Programm ist etwas schiefgegangen.',
  'Reload; if it happens again, report it with the details.': 'Neu laden; kommt es wieder vor, es mit den Einzelheiten melden.',
  'Stopped.': 'Angehalten.',
  'Start again when you like.': 'Jederzeit wieder starten.',
  'Start it again when you like.': 'Jederzeit wieder starten.',
  'What was written so far stays. Start it again when you like.': 'Was bisher geschrieben wurde, bleibt. Jederzeit wieder starten.',

  // Why it runs as it does
  'This browser offers no WebGPU, so everything runs on WebAssembly, which is slower.':
    'Dieser Browser bietet kein WebGPU, also läuft alles auf WebAssembly, was langsamer ist.',
  'The page is served without cross-origin isolation, so WebAssembly runs on one thread.':
    'Die Seite wird ohne Cross-Origin-Isolation ausgeliefert, also läuft WebAssembly in nur einem Thread.',
  'WebGPU computes the {0} graph wrongly on this machine, so it runs on WebAssembly.':
    'WebGPU rechnet den Graphen {0} auf diesem Gerät falsch, also läuft er auf WebAssembly.',
  'WebGPU was asked for and is not there: the {0} graph runs on the CPU.':
    'WebGPU war gewünscht und ist nicht da: der Graph {0} läuft auf der CPU.',
  'WebGPU could not run the {0} graph, so it runs on WebAssembly, which is slower ({1}).':
    'WebGPU konnte den Graphen {0} nicht ausführen, also läuft er auf WebAssembly, was langsamer ist ({1}).',
  'WebAssembly could not run the {0} graph, so it runs on WebGPU ({1}).':
    'WebAssembly konnte den Graphen {0} nicht ausführen, also läuft er auf WebGPU ({1}).',
  'The graphics device was lost twice in this visit, so everything runs on WebAssembly, which is slower.':
    'Die Verbindung zur Grafikkarte ging in diesem Besuch zweimal verloren, also läuft alles auf WebAssembly, was langsamer ist.',
  'The {0} graph hung twice on WebGPU in this visit, so it runs on WebAssembly, which is slower.':
    'Der Graph {0} blieb in diesem Besuch zweimal auf WebGPU hängen, also läuft er auf WebAssembly, was langsamer ist.',
  'The pack’s own language model answers, since this device ran out of memory in this visit.':
    'Das eigene Sprachmodell des Pakets antwortet, denn diesem Gerät ist bei diesem Besuch der Speicher ausgegangen.',
  'The language model was left out, since this device ran out of memory in this visit.':
    'Das Sprachmodell wurde weggelassen, denn diesem Gerät ist bei diesem Besuch der Speicher ausgegangen.',
  'This device ran out of memory in this visit, so the language model was left out.':
    'Diesem Gerät ist in diesem Besuch der Speicher ausgegangen, also wurde das Sprachmodell weggelassen.',
  'The {0} graph’s 8-bit form could not be used, so it runs as the pack has it, which is slower ({1}).':
    'Die 8-Bit-Form des Graphen {0} war nicht zu gebrauchen, also läuft er so, wie er im Paket steht, was langsamer ist ({1}).',
  'The pack’s known answers could not be read, so no graph’s numbers were checked at this start ({0}).':
    'Die bekannten Antworten des Pakets waren nicht zu lesen, also wurden bei diesem Start keine Zahlen geprüft ({0}).',

  // Camera
  'The browser gives this page no camera.': 'Der Browser gibt dieser Seite keine Kamera.',
  'Open the page over https or on localhost, or open a file instead.':
    'Die Seite über https oder auf localhost öffnen, oder stattdessen eine Datei.',
  'The camera gives no picture.': 'Die Kamera liefert kein Bild.',
  'Choose another camera, or open a file instead.': 'Eine andere Kamera wählen oder stattdessen eine Datei öffnen.',
  'The camera went away.': 'Die Kamera ist weg.',
  'Plug it in again and press Start camera, or choose another one.':
    'Sie wieder anstecken und Kamera starten drücken, oder eine andere wählen.',
  'No camera was found.': 'Keine Kamera gefunden.',
  'Plug one in and press Start camera, or open a file instead.':
    'Eine anstecken und Kamera starten drücken, oder stattdessen eine Datei öffnen.',
  'The chosen camera is not there any more.': 'Die gewählte Kamera ist nicht mehr da.',
  'The system does not let this browser use the camera.': 'Das System lässt diesen Browser nicht an die Kamera.',
  'Allow the browser in the system’s privacy settings for the camera, then press Start camera. Or open a file instead.':
    'Den Browser in den Datenschutzeinstellungen des Systems für die Kamera zulassen, dann Kamera starten drücken. Oder stattdessen eine Datei öffnen.',
  'The camera was not allowed.': 'Die Kamera wurde nicht erlaubt.',
  'Allow it from the camera sign in the address bar, then press Start camera. Or open a file instead.':
    'Sie über das Kamerazeichen in der Adressleiste erlauben, dann Kamera starten drücken. Oder stattdessen eine Datei öffnen.',
  'Cameras are switched off for this page.': 'Kameras sind für diese Seite abgeschaltet.',
  'Allow cameras in the browser’s settings, or open a file instead.':
    'Kameras in den Einstellungen des Browsers erlauben oder stattdessen eine Datei öffnen.',
  'Camera is used by another program.': 'Ein anderes Programm benutzt die Kamera.',
  'Close it and press Start camera, or open a file instead.':
    'Es schließen und Kamera starten drücken, oder stattdessen eine Datei öffnen.',
  'The camera could not be started.': 'Die Kamera konnte nicht gestartet werden.',
  'Try again, choose another camera, or open a file instead.':
    'Noch einmal versuchen, eine andere Kamera wählen oder stattdessen eine Datei öffnen.',
  'This browser cannot record video.': 'Dieser Browser kann kein Video aufzeichnen.',
  'Readings are kept all the same. Another browser may record.':
    'Messwerte werden trotzdem behalten. Ein anderer Browser kann es vielleicht.',
  'The video could not be recorded any further.': 'Das Video konnte nicht weiter aufgezeichnet werden.',
  'What was recorded is kept. Press Record video to begin anew; readings go on.':
    'Was aufgezeichnet wurde, bleibt. Video aufnehmen drücken, um neu zu beginnen; die Messung läuft weiter.',

  // Files
  'This file cannot be read.': 'Diese Datei kann nicht gelesen werden.',
  'Check that it is still there and not locked, then open it again.': 'Prüfen, ob sie noch da und nicht gesperrt ist, dann erneut öffnen.',
  'This file is empty.': 'Diese Datei ist leer.',
  'Copy or download it again, then open it.': 'Sie neu kopieren oder herunterladen, dann öffnen.',
  'This file is neither a picture nor a video.': 'Diese Datei ist weder Bild noch Video.',
  'Open a JPEG, PNG, WebP, GIF, BMP or AVIF picture, or an MP4 or WebM video.':
    'Ein Bild als JPEG, PNG, WebP, GIF, BMP oder AVIF öffnen, oder ein Video als MP4 oder WebM.',
  'This picture is damaged and cannot be shown.': 'Dieses Bild ist beschädigt und kann nicht gezeigt werden.',
  'Get the file again, or open another picture.': 'Die Datei neu beschaffen oder ein anderes Bild öffnen.',
  'This picture has {0} megapixels; {1} are the most that can be read.':
    'Dieses Bild hat {0} Megapixel; höchstens {1} können gelesen werden.',
  'Scale it down in a picture editor, then open it again.': 'Es in einer Bildbearbeitung verkleinern, dann erneut öffnen.',
  'This browser cannot show HEIC pictures.': 'Dieser Browser kann keine HEIC-Bilder zeigen.',
  'Save the picture as JPEG or PNG, then open that.': 'Das Bild als JPEG oder PNG speichern und das öffnen.',
  'This file is a video, not a picture.': 'Diese Datei ist ein Video, kein Bild.',
  'Open it as a video.': 'Sie als Video öffnen.',
  'This file is a picture, not a video.': 'Diese Datei ist ein Bild, kein Video.',
  'Open it as a picture.': 'Sie als Bild öffnen.',
  'Opening the video was stopped.': 'Das Öffnen des Videos wurde abgebrochen.',
  'Open it again.': 'Es noch einmal öffnen.',
  'This video is damaged and cannot be played.': 'Dieses Video ist beschädigt und kann nicht abgespielt werden.',
  'This video is damaged and cannot be read.': 'Dieses Video ist beschädigt und kann nicht gelesen werden.',
  'This video is damaged: no picture of it could be read.': 'Dieses Video ist beschädigt: kein Bild daraus war zu lesen.',
  'This video is damaged: the rest of it could not be read.': 'Dieses Video ist beschädigt: der Rest war nicht zu lesen.',
  'What was read before the damaged place stays. Get the file again for the rest.':
    'Was vor der beschädigten Stelle gelesen wurde, bleibt. Für den Rest die Datei neu beschaffen.',
  'What was read so far stays. Go on when you like.': 'Was bisher gelesen wurde, bleibt. Jederzeit weitermachen.',
  'Get the file again, or open another video.': 'Die Datei neu beschaffen oder ein anderes Video öffnen.',
  'This kind of video file cannot be read.': 'Diese Art von Videodatei kann nicht gelesen werden.',
  'Save the video as MP4 or WebM, then open that.': 'Das Video als MP4 oder WebM speichern und das öffnen.',
  'This browser cannot play {0} video.': 'Dieser Browser kann kein {0}-Video abspielen.',
  'Save the video as MP4 with H.264 or as WebM, then open that. Another browser may play it, too.':
    'Das Video als MP4 mit H.264 oder als WebM speichern und das öffnen. Ein anderer Browser kann es vielleicht auch so abspielen.',
  'This browser cannot decode {0} video.': 'Dieser Browser kann kein {0}-Video dekodieren.',
  'Save the video as MP4 with H.264 or as WebM, then open that. Another browser may decode it, too.':
    'Das Video als MP4 mit H.264 oder als WebM speichern und das öffnen. Ein anderer Browser kann es vielleicht auch so dekodieren.',
  'This file has sound but no picture.': 'Diese Datei hat Ton, aber kein Bild.',
  'Open a video with a picture, or a picture.': 'Ein Video mit Bild öffnen, oder ein Bild.',
  'The sample is not there.': 'Das Beispiel fehlt.',
  'Open a picture of your own.': 'Ein eigenes Bild öffnen.',

  // Export of a video
  'This browser cannot write such a video.': 'Dieser Browser kann so ein Video nicht schreiben.',
  'Choose a smaller size, or use a current Chrome, Edge or Safari.':
    'Eine kleinere Größe wählen oder ein aktuelles Chrome, Edge oder Safari nehmen.',
  'The export was stopped.': 'Der Export wurde angehalten.',
  'The video file could not be looked at.': 'Die Videodatei ließ sich nicht ansehen.',
  'Close this, then open it again.': 'Dies schließen, dann wieder öffnen.',
  'The writing of the video stopped unexpectedly.': 'Das Schreiben des Videos hat unerwartet aufgehört.',
  'The writing of the video does not go on any more.': 'Das Schreiben des Videos geht nicht mehr weiter.',
  'Start it again. If it happens again, choose a smaller size.': 'Noch einmal starten. Kommt es wieder vor, eine kleinere Größe wählen.',
  'The video could not be written.': 'Das Video konnte nicht geschrieben werden.',
  'Check that there is space left, or choose another place.': 'Prüfen, ob noch Platz ist, oder einen anderen Ort wählen.',

  'The recording could not be put together.': 'Die Aufnahme konnte nicht zusammengesetzt werden.',
  'Its readings are kept. Record again.': 'Ihre Messwerte sind behalten. Noch einmal aufnehmen.',

  // Evaluation
  '"{0}" is not a label of {1}: use {2}.': '„{0}“ ist keine Beschriftung für {1}: diese nehmen: {2}.',
  'None of the pictures could be decoded.': 'Keines der Bilder konnte dekodiert werden.',
  'Check that the files are pictures.': 'Prüfen, ob die Dateien Bilder sind.',
  'labels.csv, line {0}: {1}': 'labels.csv, Zeile {0}: {1}',
  'Correct that line and run again.': 'Diese Zeile berichtigen und neu starten.',
  'the label is empty.': 'die Beschriftung ist leer.',
  '{0} must be a number from -1 to 1, got "{1}".': '{0} muss eine Zahl von -1 bis 1 sein, gefunden „{1}“.',
  'the columns must be {0}, got "{1}".': 'die Spalten müssen {0} sein, gefunden „{1}“.',
  'there are no rows below the header.': 'unter der Kopfzeile steht nichts.',
  'expected {0} fields ({1}), got {2}.': 'erwartet sind {0} Felder ({1}), gefunden {2}.',
  'there are more than {0} fields.': 'es sind mehr als {0} Felder.',
  'this is not UTF-8 text.': 'das ist kein UTF-8-Text.',
  'Save labels.csv as UTF-8 and run again.': 'labels.csv als UTF-8 speichern und neu starten.',
  'the file name is empty.': 'der Dateiname ist leer.',
  '"{0}" is not inside the folder: paths must be relative to labels.csv.':
    '„{0}“ liegt nicht im Ordner: Pfade zählen von dort, wo labels.csv liegt.',
  '"{0}" is already on line {1}.': '„{0}“ steht schon in Zeile {1}.',
  'a double quote stands inside a field that does not begin with one.':
    'ein Anführungszeichen steht in einem Feld, das nicht mit einem beginnt.',
  'a double quote is not closed.': 'ein Anführungszeichen ist nicht geschlossen.',
  'after a closing double quote there must be a comma or the end of the line.':
    'nach einem schließenden Anführungszeichen muss ein Komma oder das Zeilenende stehen.',
  'The task cannot be "{0}".': 'Die Aufgabe kann nicht „{0}“ sein.',
  'Use one of {0}.': 'Eine von diesen nehmen: {0}.',
  '{0} cannot be fetched.': '{0} kann nicht geholt werden.',
  'Check that the folder given with data= is served beside this page.':
    'Prüfen, ob der mit data= genannte Ordner neben dieser Seite ausgeliefert wird.',
  'by= cannot be "{0}".': 'by= kann nicht „{0}“ sein.',
  'Use affect-head or language-model.': 'affect-head oder language-model nehmen.',
  'limit= must be a whole number from 1, got "{0}".': 'limit= muss eine ganze Zahl ab 1 sein, gefunden „{0}“.',
  'Leave it out to take all rows.': 'Weglassen, um alle Zeilen zu nehmen.',
};

"""The words that belong to no setting, subject or move, by what they mean. Data only: add a word, or a line.

Each line holds English first, then German, French, Spanish, Portuguese, Italian, Russian, Chinese and Japanese words,
as `reelway.previz.words` tells: in their base form, without accents, "-" between words that stand together.
"""
# ruff: noqa: RUF001  (Cyrillic words are meant to be Cyrillic)

TIMES = {
    "night": """night midnight nighttime night-time moonlit moonlight full-moon crescent-moon moonless starry starlit
        starlight late-night under-the-moon nacht nachts nuit noche noite notte sternenhimmel mitternacht medianoche
        夜 深夜 夜晚 ночь ночью ночно полночь ليل रात""",
    "dusk": """dusk twilight blue-hour evening nightfall gloaming dammerung abend abends crepuscule soir soiree
        anochecer crepusculo anoitecer sera imbrunire 黄昏 傍晚 夕暮れ сумерк вечер مساء शाम""",
    "sunset": """sunset sundown golden-hour setting-sun late-afternoon magic-hour sonnenuntergang abendsonne
        coucher-de-soleil coucher-du-soleil heure-doree soleil-couchant atardecer puesta-de-sol puesta-del-sol ocaso
        por-do-sol entardecer tramonto ora-d'oro 日落 夕阳 夕陽 夕日 закат غروب सूर्यास्त""",
    "dawn": """dawn sunrise daybreak morning first-light at-first-light rising-sun sun-comes-up sun-rises
        early-light morgen
        morgengrauen sonnenaufgang morgendammerung aube aurore lever-du-soleil lever-de-soleil matin amanecer
        alba madrugada manana nascer-do-sol manha amanhecer mattina 日出 黎明 清晨 早晨 朝 夜明け рассвет утро утром
        فجر شروق सुबह""",
    "day": """day noon midday high-noon sunny daylight daytime sunshine sunlit sunbeam afternoon broad-daylight
        mittag mittags tagsuber sonnig sonnenschein midi jour journee ensoleille dia mediodia soleado dia-claro
        meio-dia ensolarado giorno mezzogiorno soleggiato 白天 正午 晴天 昼 真昼 полдень днем نهار दिन""",
}

WEATHERS = {
    "rain": """rain rainy drizzle downpour storm stormy thunderstorm lightning thunder monsoon rainstorm wet raindrop
        regen regnerisch regnet verregnet verregneten verregnete sturm gewitter pluie pluvieux orage il-pleut lluvia
        lluvioso tormenta chuva chuvoso tempestade pioggia piovoso temporale 雨 暴雨 下雨 дожд гроза гроз ливень مطر
        बारिश""",
    "snow": """snow snowy snowfall blizzard snowstorm winter wintry arctic snowflake snow-covered snow-falls frost
        schnee schneit verschneit verschneite schneesturm neige enneige enneigee il-neige nieve nevado nevada neve
        nevando inverno hiver invierno 雪 下雪 大雪 снег снежн метель ثلج बर्फ""",
    "fog": """fog foggy mist misty haze hazy low-cloud smog nebel neblig dunst brume brouillard brumeux niebla
        neblina nevoa nebbia nebbioso foschia bruma 雾 霧 大雾 туман ضباب कोहरा""",
    "overcast": """overcast cloudy cloudy-sky heavy-clouds dark-clouds storm-clouds thick-clouds grey-sky gray-sky
        grey-skies gray-skies grey-day gray-day bedeckt bedeckter bewolkt
        bewolkter bewolkte bewolkten wolkig nuageux couvert cielo-gris nublado encoberto
        nuvoloso 阴天 多云 曇り 曇天 облачн пасмурн غائم""",
    "dust": """dust dusty sandstorm dust-storm sand-storm blowing-sand staub staubig sandsturm poussiere polvo
        tormenta-de-arena tempete-de-sable poeira polvere tempesta-di-sabbia 沙尘暴 尘 砂嵐 пыль песчаная-буря""",
    "clear": """clear cloudless clear-sky blue-sky clear-blue-sky clear-skies wolkenlos klarer-himmel ciel-degage
        cielo-despejado ceu-limpo cielo-sereno 晴朗 晴れ ясн""",
}

WIND = """wind windy breeze breezy gust gusty windswept wind-swept gale hurricane tornado blowing-in-the-wind
    wind-blown
    wind-blows windig brise vent venteux viento ventoso vento ventoso ventosa 风 大风 風 ветер ветрен"""

STYLES = {
    "noir": "noir film-noir film-noir-style 黑色电影",
    "monochrome": """black-and-white monochrome grayscale greyscale b&w black-white schwarz-weiss schwarzweiss
        noir-et-blanc blanco-y-negro preto-e-branco bianco-e-nero 黑白 モノクロ""",
    "cinematic": """cinematic film filmic anamorphic dramatic epic movie 35mm-film film-grain imax hollywood
        kinematografisch filmisch cinematographique cinematografico cinematografica cinematico 电影 电影感
        シネマティック
        кинематограф""",
    "neon": "neon cyberpunk synthwave blade-runner vaporwave retrowave neonlicht neons 霓虹 赛博朋克 ネオン",
    "golden": "golden golden-light honey-light",
    "warm": "warm amber cozy cosy warm-light candlelit candlelight firelight warm-tones 温暖",
    "cold": "cold icy blue-tint frosty freezing frozen chilly cool-tones cold-tones 寒冷",
    "pastel": "pastel dreamy soft soft-light watercolor watercolour ethereal ghibli delicate airy 梦幻",
    "vintage": "vintage retro super-8 super8 8mm 16mm vhs sepia 1950s 1960s 1970s 1980s 70s 80s nostalgic old-film",
    "bokeh": """bokeh shallow-depth-of-field shallow-focus shallow-dof selective-focus blurred-background
        blurry-background soft-background background-blur background-blurred out-of-focus-background
        unscharfer-hintergrund geringe-scharfentiefe arriere-plan-flou faible-profondeur-de-champ fondo-desenfocado
        poca-profundidad-de-campo fundo-desfocado sfondo-sfocato 背景虚化 浅景深 ボケ боке""",
    "documentary": "documentary documentary-style dokumentarisch documentaire documental documentario 纪录片",
}

COLOURS = {
    "red": """red crimson scarlet ruby rot roter rotes rote roten rouge rojo roja vermelho vermelha rosso rossa rossi
        红 红色 赤 赤い красн""",
    "orange": "orange naranja laranja arancione 橙色",
    "yellow": """yellow gelb gelbe gelber gelbes gelben jaune amarillo amarilla amarelo amarela giallo gialla 黄色
        黄 желт""",
    "green": "green emerald olive grun gruner grune grunes grunen vert verte verde 绿色 绿 緑 зелен",
    "blue": """blue azure navy turquoise teal cyan blau blauer blaue blaues blauen bleu bleue azul blu azzurro azzurra
        蓝色 蓝 青い 青 син голуб""",
    "purple": "purple violet lilac indigo lila violett morado morada roxo roxa viola 紫色 紫 фиолетов",
    "pink": "pink magenta rosa rosafarben 粉色 粉红 ピンク розов",
    "white": """white ivory snow-white weiss weisser weisse weisses weissen blanc blanche blanco blanca branco branca
        bianco bianca bianchi 白色 白 白い бел""",
    "black": """black jet-black ebony schwarz schwarzer schwarze schwarzes schwarzen noir-color noire negro negra
        preto
        preta nero nera 黑色 黑 黒 黒い черн""",
    "grey": "grey gray grau graue grauer gris grise cinza cinzento grigio grigia 灰色 сер",
    "silver": "silver silvery chrome silbern argente plateado prateado argento 银色 серебр",
    "gold": "gold gilded golden goldene goldener dore dourado dorado dorato 金色 золот",
    "brown": "brown tan beige chestnut braun brauner braune brun marron marrom marrone castano 棕色 коричнев",
}

PACES = {
    0.6: """slow slowly gentle gently gradually calmly softly unhurried smoothly leisurely slow-motion langsam
        langsame
        sanft lentement lente lent doucement lento lenta lentamente devagar piano 慢 缓缓 慢慢 ゆっくり медленн""",
    1.5: """fast quick quickly rapid rapidly swiftly swift speedy hurriedly high-speed at-speed schnell schnelle
        rasch rapide
        rapidement vite rapido rapida rapidamente deprisa veloce velocemente 快速 迅速 素早く быстр""",
}

# What someone does: the word that a subject's `actions` names, and the verbs for it.
ACTIONS = {
    "walk": """walk stroll wander stride pace amble hike march trudge strut saunter tiptoe prowl trek roam step
        gehen geht gehend lauft spaziert wandert marcher marche promene caminar camina caminando andar anda andando
        caminha caminhando cammina camminare camminando passeggia 走 步行 行走 散步 歩く 歩い 歩 идет идут шагает
        гуляет يمشي""",
    "run": """run sprint jog race dash charge flee bolt rush laufen rennt rennen rennend courir court courent correr
        corre
        corriendo correndo corre correre corrono 跑 奔跑 走る 走って бежит бегут يركض""",
    "dance": """dance twirl waltz pirouette tanzen tanzt tanzend danser danse dansent bailar baila bailando dancar
        danca
        dancando balla ballare ballando 跳舞 舞 踊る 踊 танцует""",
    "jump": """jump leap hop skip bounce springen springt sauter saute saltar salta saltando pular pula 跳跃 跳
        ジャンプ прыгает""",
    "stand": """stand stand-still standing-still wait pose stare motionless gaze steht stehen debout de-pie parado
        parada
        in-piedi 站 立つ 立って стоит""",
    "sit": """sit seated crouch kneel squat sitzt sitzen assis assise sentado sentada seduto seduta 坐 座る 座って
        сидит""",
    "lie": "lie recline rest nap liegt couche tumbado deitado sdraiato 躺",
    "sleep": "sleep asleep schlaft dort dormir duerme dorme 睡 睡觉 眠る спит",
    "wave": "wave winkt salue saluda acena",
    "look": "look look-up look-at look-around watch read reading schaut regarde mira olha guarda",
    "ride": "ride riding reitet reiten monte cabalga monta montando cavalga cavalca 骑 едет",
    "fight": "fight battle duel kampft combat lucha luta combatte 战斗 戦う",
    "sing": "sing perform singt chante canta 唱歌",
    "play": "play frolic spielt spielen joue jouent juega jugando brinca gioca 玩 遊ぶ играет",
    "climb": "climb scale clamber klettert grimpe escala trepa arrampica",
    "fall": "fall tumble plummet fallt tombe cae cai cade",
    "fly": """fly soar hover flap flutter swoop circle take-off takes-off bank cruise fliegt fliegen fliegend vole
        volent
        volar vuela volando voar voa voando vola volare volando 飞 飞行 飞翔 飛ぶ 飛ん летит летят يطير""",
    "land": "land landing touch-down perch roost landet atterrit aterriza pousa atterra",
    "swim": """swim paddle dive snorkel glide schwimmt schwimmen nage nagent nada nadando nuota 游泳 游 泳ぐ плывет
        плывут
        плавает""",
    "float": "float drift bob hover schwebt treibt flotte flota flutua galleggia 漂浮 漂 浮かぶ дрейфует",
    "sail": "sail row cruise voyage segelt navigue navega naviga rema 航行 帆走",
    "drive": """drive accelerate speed race cruise drift swerve corner brake zoom-past fahrt fahren rast roule conduit
        conduce conduciendo dirige dirigindo guida 驾驶 行驶 开车 走行 едет мчится""",
    "gallop": "gallop canter galoppiert galopper galope galopent galopa galopando galoppa 奔驰 скачет",
    "trot": "trot prance trabt trotte trota",
    "graze": "graze eat feed drink grast broute pasta pace bruca 吃草",
    "sniff": "sniff dig bark wag",
    "spin": "spin rotate revolve turn-slowly turning whirl dreht-sich tourne gira girando ruota 旋转 回転",
    "explode": "explode burst",
    "work": "work weld build type cook paint repair",
}

# Which action stands in for one that a subject has not learnt: the first of these that it knows.
NEAREST = {
    "run": ["gallop", "trot", "drive", "walk", "swim", "fly"],
    "gallop": ["run", "trot"],
    "trot": ["walk", "run", "gallop"],
    "walk": ["trot", "stroll", "drive"],
    "play": ["run", "jump", "swim", "dance"],
    "sleep": ["lie", "sit", "stand"],
    "lie": ["sleep", "sit", "stand"],
    "graze": ["stand", "walk"],
    "sniff": ["stand", "walk"],
    "look": ["stand", "sit"],
    "work": ["stand", "sit"],
    "sing": ["stand", "dance"],
    "wave": ["stand"],
    "climb": ["walk"],
    "fight": ["run", "walk"],
    "float": ["swim", "drift", "sail", "fly", "hover", "stand"],
    "swim": ["float", "drift", "sail"],
    "sail": ["float", "drive", "swim"],
    "drive": ["ride", "run", "sail", "fly"],
    "ride": ["drive", "run", "gallop", "sit", "walk"],
    "fly": ["float", "glide", "hover", "drive"],
    "land": ["stand", "fly"],
    "jump": ["run"],
    "spin": ["turn", "dance", "stand"],
    "stand": ["wait", "rest", "float", "hover", "park"],
    "sit": ["stand", "rest"],
    "dance": ["spin", "jump", "walk"],
}

# Somebody in plain clothes: trades and kin that no outfit stands for.
PEOPLE = """human somebody adult gentleman guy elder teen baby toddler infant father dad parent son brother twin uncle
    nephew husband lover friend neighbour neighbor chef cook baker butcher waiter bartender barista doctor nurse
    surgeon dentist teacher professor student scientist engineer mechanic farmer gardener shepherd cowboy carpenter
    potter tailor painter sculptor singer musician drummer actor model photographer director writer poet librarian
    judge lawyer clerk cashier shopkeeper vendor merchant builder miner worker driver pilot sailor captain diver
    swimmer surfer climber boxer wrestler gymnast cyclist skier player goalkeeper rider commuter tourist passenger
    explorer hunter archer pirate viking gladiator ninja nun bishop pope prophet clown magician mime beggar thief
    prisoner guard sheriff emperor empress duke lord servant slave villager citizen protester refugee survivor patient
    bodybuilder villain hero heroine superhero supervillain"""

# What icons are called that mostly means something else, and names of two words that do not mean their last one.
NO_ICONS = """hearts spades clubs diamonds scales heart anchor basket beans clamp compass compression collision cooking
    dash dizzy flags chart fan hole jar joker kiss ladder lime mag mega mute olive package party pie pill pouch pound
    present receipt ribbon rose shell slide speaker sound stars stew tea ticket toilet art palette barber birthday boom
    calling cd controller curry die disco dollar email euro fax gun pistol hockey lightning milk nest pawn poop shit
    rice salad tada sunny cloudy rainy snowy stormy wind anger blossom heartbeat cupid calendar sponge soap sake zzz
    no-bell no-sound quiet-sound loud-sound cool fan bamboo bank clip hut joy seat sparkler cock placard sun-with
    heart-suit club-suit red-car blue-car truck angel train-front"""
ICONS = "an-alien aliens a-rose red-rose white-rose roses hot-dog"

# Clothes that need not be an outfit of the subject: a colour before them dyes what is worn.
CLOTHES = """coat trench-coat raincoat overcoat jacket hoodie dress gown skirt suit shirt blouse sweater jumper
    cloak cape
    robe uniform armor armour hat scarf kimono tracksuit jeans trousers pants outfit clothes clothing vest apron veil
    spacesuit helmet boots mantel kleid jacke anzug hut robe manteau veste chapeau abrigo vestido chaqueta sombrero
    traje
    casaco jaqueta chapeu cappotto vestito giacca cappello 外套 裙子 雨衣 コート ドレス"""

# Other uses of words that name something else: read first, and then no more.
IDIOMS = """snow-capped cherry-blossom clearing midnight-blue day-dream rose-garden orange-juice sun-flower
    bird-watching fish-eye horse-power dog-day
    light-year water-color crane-machine sea-level field-of-view depth-of-field
    color-grading colour-grading motion-blur slow-mo high-quality highly-detailed ultra-detailed high-detail
    best-quality
    in-the-background in-the-foreground in-the-distance at-the-end-of-the-day in-front-of hyper-realistic
    camera-movement photo-realistic"""

NUMBERS = {
    1: "one single lone lonely solitary ein eine einen einem einer un une uno una um uma 一 один одна",
    2: "two both pair couple twin duo zwei deux dos dois duas due 两 二 二人 два две",
    3: "three trio triplet drei trois tres tre 三 три",
    4: "four quartet vier quatre cuatro quatro quattro 四 четыре",
    5: "five funf cinq cinco cinque 五 пять",
    6: "six half-a-dozen sechs seis sei 六",
    7: "seven sieben sept siete sete sette 七",
    8: "eight acht huit ocho oito otto 八",
    9: "nine neun neuf nueve nove 九",
    10: "ten zehn dix diez dez dieci 十",
    12: "dozen twelve hundred hundreds thousand thousands million millions countless scores swarms",
}
# A word that says there are several; how many, where a number says no more.
SEVERAL = {
    3: "few some several handful einige quelques algunos algumas alguns alcuni 几",
    6: """group bunch band gang pack many row line convoy team troop procession fleet formation parade gruppe viele
        groupe plusieurs grupo varios muchos muitos gruppo molti 一群 许多 много""",
    8: """flock herd school shoal swarm crowd cluster army horde stampede caravan schwarm herde menge foule nuee
        troupeau bandada multitud manada rebano bando multidao stormo folla branco 群 人群 стая толпа""",
}

SIZES = {
    "extreme": "extreme-close-up extreme-closeup extreme-close ecu detail-shot 特写镜头",
    "close": """close-up closeup close-shot up-close tight-shot head-shot headshot portrait-shot portrait-of nahaufnahme
        grossaufnahme
        gros-plan primer-plano close-shot primo-piano 特写 クローズアップ крупн""",
    "medium": """medium-shot mid-shot medium-close-up waist-up half-body cowboy-shot halbnah plan-moyen plano-medio
        piano-medio 中景""",
    "full": "full-shot full-body full-length head-to-toe plan-en-pied plano-entero figura-intera 全身",
    "wide": """wide-shot wide-view extreme-wide-shot very-wide-shot establishing-shot long-shot extreme-long-shot
        panoramic-view master-shot totale weitaufnahme plan-large plan-d'ensemble plano-general gran-plano-general
        plano-geral campo-lungo 远景 全景 ロングショット общий-план""",
}
# Sizes that are named so only when the camera starts or ends with them.
SIZE_ADJECTIVES = {"wide": "wide", "close": "close tight", "medium": "medium", "full": "full"}

LENSES = {
    "wide": """wide-angle wide-angle-lens wide-lens ultra-wide fisheye fish-eye-lens 14mm 16mm-lens 18mm 20mm 21mm
        24mm 28mm
        weitwinkel grand-angle gran-angular grande-angular grandangolo 广角 広角""",
    "normal": "35mm 40mm 45mm 50mm 55mm normal-lens standard-lens",
    "long": """telephoto telephoto-lens long-lens tele-lens compressed-perspective 70mm 75mm 85mm 100mm 105mm 135mm
        150mm
        200mm 300mm 400mm 600mm teleobjektiv teleobjectif teleobjetivo 长焦 望遠""",
    "macro": "macro macro-shot macro-lens macro-photography makro makroaufnahme macrophotographie 微距 マクロ",
}

ANGLES = {
    "low": """low-angle low-angle-shot from-below worm's-eye worms-eye worm-eye looking-up ground-level
        froschperspektive
        untersicht contre-plongee contrapicado plano-contrapicado dal-basso 仰拍 ローアングル""",
    "high": """high-angle high-angle-shot from-above looking-down vogelperspektive aufsicht plongee picado dall'alto
        俯拍 俯瞰""",
    "overhead": """overhead overhead-shot top-down top-down-shot top-down-view straight-down flat-lay god's-eye
        draufsicht vue-de-dessus cenital zenital""",
    "eye": "eye-level eye-level-shot augenhohe a-hauteur-des-yeux",
}

# Who does the moves.
CAMERA = """camera shot lens view viewpoint footage frame pov cam clip video kamera objektiv objectif camara lente
    obiettivo
    telecamera 镜头 相机 カメラ камера"""

# The way of a move, as it is said after it (or before: "left pan").
DIRECTIONS = {
    "left": "left leftward leftwards to-the-left links gauche izquierda esquerda sinistra 左",
    "right": "right rightward rightwards to-the-right rechts droite derecha direita destra 右",
    "up": "up upward upwards rise rising ascend ascending climb climbing hoch oben haut arriba acima su alto 上",
    "down": "down downward downwards descend descending lower sinking unten bas abajo abaixo giu basso 下",
    "in": """in into inward inwards forward forwards closer toward towards nearer vor avant adelante avanti vers
        hacia 前""",
    "out": "out outward outwards back backward backwards away zuruck arriere atras indietro tras 后",
    "through": "through durch a-travers",
    "around": "around round um autour alrededor intorno",
    "past": "past by",
    "over": "over above across uber",
    "near": "foreground",
    "far": "background",
}

# When it happens.
TIMING = {
    "then": """then and-then after-that next afterwards afterward followed-by later before-it before-the-camera
        dann danach anschliessend ensuite puis luego despues entonces depois poi dopo 然后 接着 それから потом
        затем""",
    "finally": """finally at-the-end in-the-end lastly eventually ends ending ends-with ends-on end-on end-with
        concludes
        schliesslich zuletzt enfin finalement finalmente al-final infine alla-fine 最后 最後に наконец""",
    "suddenly": """suddenly abruptly all-at-once all-of-a-sudden without-warning plotzlich soudain soudainement
        de-repente
        repentinamente improvvisamente all'improvviso 突然 いきなり вдруг внезапно""",
    "first": """at-first first initially begins-with begin-with starts-with start-with starts-on starts-as begins-on
        opens-on opens-with opening zuerst zunachst d'abord primero al-principio primeiro prima all'inizio 首先
        最初""",
    "start": "start begin open starting commence beginnt startet commence empieza comienza comeca inizia 开始",
    "cut": "cut-to cuts-to hard-cut smash-cut jump-cut",
    "halfway": "halfway midway half-way in-the-middle-of-the-clip",
}

NEGATIONS = """no not without never none zero free-of devoid-of lacking minus don't doesn't isn't avoid exclude
    ohne kein keine keinen keiner nicht sans pas-de aucun aucune sin ningun ninguna sem nenhum nenhuma senza nessun
    nessuna
    没有 无 不要 なし без нет"""
NOBODY = """nobody no-one unpeopled uninhabited deserted abandoned niemand menschenleer personne-en-vue nadie ninguem
    nessuno 无人 空无一人"""

# Words before a place in which things happen, and before one that is only near, or far.
WITHIN = """in inside on onto at through across along amid among within into down throughout over above under beneath
    auf im am in an durch uber dans sur a-travers au aux sous en sobre por no na em nel nella sul sulla sull nei
    attraverso
    lungo 在 по в на"""
AWAY = """toward towards to from past near by beside behind beyond before facing of with against overlooking outside
    nach zu zum zur von vor bei vers de depuis hacia desde para verso da"""
LIKE = "like resembling as-if wie comme como come 像"
STYLE_OF = (
    "in-the-style-of style-of inspired-by reminiscent-of im-stil-von dans-le-style-de al-estilo-de nello-stile-di"
)

# Words that say nothing that a picture could show: never reported as ignored.
SILENT = """a an the of in on at over with through by and or to from into across down up along past under above behind
    near beside between towards toward around round about is are be was were been being has have had it its his her
    their
    our my your he she they them him we us you i who which whose that this these those there here as while when where
    for off out onto upon within against amid among but if so than too also just only even still yet very really quite
    some any all each every other another both such same own very more most much less least again once twice
    no not without nor
    shot camera view scene video clip footage angle frame image picture lens take sequence
    high low quality detailed detail realistic photorealistic photo real 4k 8k hd uhd ultra hyper full sharp crisp
    smooth sky skies cloud clouds
    beautiful stunning amazing gorgeous beautifully lovely nice great good perfect epic masterpiece professional
    style background foreground light lights lit lighting tone tones mood moody atmosphere atmospheric effect
    go goes going come comes coming move moves moving make makes get gets let lets see sees seen show shows showing
    become becomes begin begins beginning start starts starting end ends ending continue continues take takes turn
    turns
    second seconds sec secs s fps minute minutes later after before during until
    air water wooden sandy statue sculpture monument hot dry humid thick thin shiny sweet happy sad royal concrete
    silk transparent opaque pattern rear shutter music song sound voice journey memory love hope birth earth eastern
    wine milk heavy
    little small big large huge giant tiny tall long short old young new busy quiet calm still empty alone
    der die das den dem des ein eine einer eines einem einen und oder auf im am an uber durch mit von zu zum zur bei
    ist
    sind es er sie nach vor unter neben zwischen in aus fur als wie sein seine ihr ihre sich
    le la les un une des du de d l et ou sur dans avec par au aux en il elle ce cette son sa ses est sont pour qui
    el los las una uno unos unas y o en con por del al su sus es son se que para lo
    os as um uma uns umas e ou em no na nos nas com pelo pela do da dos das ao
    il lo gli i di da nel nella sul sulla con per tra fra che si è nello dello della dei degli
    的 在 了 是 和 一 个 只 上 下 着 里 中 与 有 が を に は の で と も て る する いる た い な ん
    и в на с по за под над от из у о к а но что это"""

# Words of other languages that are another word in English: read only where the prompt is not English.
FALSE_FRIENDS = """see kind boot hut tag mare come sin piano viola due sei champ strand vole chat cane rad gift ours
    pie
    lit tour place main pain coin rue sale die on do pan rose manana sera ave monte lauft sole lune nave foule anda
    rana
    toro gallo su tan hell brand wand ton vent gente fond sable midi nina costa alba cuisine nevada marche wal can
    chevalier vista anime grue alto basso haut prima nager"""
# Small words that are in one language only: they tell which one a prompt is in.
ENGLISH = """the a an of and with at from is are through over while by on to into as his her its their for under near
    across along then shot camera"""
OTHER_LANGUAGES = """der die das dem den ein eine einer einem einen und oder auf im am uber durch mit von zum zur
    bei ist
    le la les un une des du de et sur dans avec par au aux qui el los las una y en con por del al sobre para
    os um uma e em na nos com pelo pela dos das ao il lo gli di nel nella sul sulla per che della"""

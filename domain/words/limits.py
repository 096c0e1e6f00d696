"""The most of everything, in count and in bytes, and why. One table, so that no two places disagree.

Bytes are of canonical JSON unless something else is said; what goes through Temporal is as long, and some 300 bytes more for its
encryption. Temporal takes 2,097,152 bytes in a payload and 4 MiB in a message, and in one run 2,000 updates, 51,200 events and
50 MiB of history. `tests/domain/test_largest.py` builds the largest of each and shows that nothing comes near.
"""

from datetime import timedelta
from typing import Final

KIB: Final = 1024

LARGEST_WHOLE: Final = 2**53 - 1
"""Of whole numbers in a record (RFC 8785): a sum of many may be beyond it."""

# Texts, in characters, and what stands in a field beside them

LONGEST_NAME: Final = 80
"""Of a substance, a role, a number of a file: one line of a form."""
LONGEST_PLACE: Final = 120
"""Where something happened, in words."""
LONGEST_LINE: Final = 200
"""What is read at a glance: a title, a legal basis, an offence, who has seized it."""
LONGEST_CAVEAT: Final = 300
"""Beside a handling code."""
LONGEST_SOURCE: Final = 300
"""Where a case is described, or a law published: an address of the web among it."""
LONGEST_CONTACT: Final = 300
"""How whom to call is reached: a name of the directory, and its text."""
LONGEST_REASON: Final = 500
"""Why, in a few sentences: it stands in the ledger for ever, and more belongs into a file."""
LONGEST_NOTES: Final = 1_000
"""On a card."""
LONGEST_GROUNDS: Final = 1_000
"""On what grounds a delivery is asked for: a paragraph of a letter."""
LONGEST_NOTICE: Final = 1_000
"""A notice in words, in one language."""
LONGEST_INFORMATION: Final = 2_000
"""Intelligence that is handed on, and the facts of a request for consent: half a page."""
LONGEST_VERSION: Final = 20
"""Of a card: a date and a letter."""
LONGEST_NUMBER: Final = 200
"""Of a request or notice, as Vigil makes it: delivery, checkpoint and service."""
LONGEST_TYPE: Final = 80
"""Of a payload, as DSSE names it."""
LONGEST_KEY: Final = 100
"""Of what a contingency is about: two names of services at most, or an entry and a name."""
LONGEST_NONCE: Final = 200
"""Drawn by who makes a proof. It is remembered for as long as the proof lives."""
LONGEST_PROOF: Final = 64
"""Hashes of a proof of inclusion: one for each doubling of the entries."""
MOST_PARAMETERS: Final = 8
"""Of a code: its sentence names no more."""
MOST_REMARKS: Final = 8
"""Of one statement that counts: no more may be looked for."""

# One plan, directory or card

MOST_LEGS: Final = 50
MOST_GLANCED: Final = 6
"""Open checkpoints in a row of the watch floor; of more there is the number."""
MOST_SILENT: Final = 12
"""Services that such a row names at one checkpoint, each of which somebody may have to call; of more there is the number."""
GLANCE_BYTES: Final = 40 * KIB
"""Of a row of the watch floor. The largest that its fields allow is smaller; an ordinary one has 1,500 bytes."""
MOST_ON_FLOOR: Final = 20_000
"""Rows of the watch floor that a gateway holds, some 10 KB each: the worst by their due times, and of the others their number."""
MOST_IN_A_CELL: Final = 3
"""Things that do not fit in such a row; of more there is the number."""
MOST_BLOCKS: Final = 40
"""Services on one page of those that are silent."""
MOST_MISSING: Final = 10
"""Answers that such a page names of one service, the worst; of more there is the number."""
MOST_CHASED: Final = 100
"""Services that one service has taken over to chase at the same time: nobody calls more in a night."""
MOST_CHASES: Final = 2_000
"""Such notes that are read at once, the newest."""
MOST_STOPS: Final = 20
"""Stops of a route that whoever begins a plan may name."""
LONGEST_GROSS: Final = 80
"""Characters of a gross weight as people write it."""
MOST_REPLACED: Final = 50
"""Participants replaced under way. Each was asked something, and is still known."""
MOST_ESCORTS: Final = 10
"""Services of other States whose officers travel with one leg."""
MOST_CALLS: Final = 10
"""Ports and airports at which one leg calls."""
MOST_TOLD_AT_END: Final = 20
"""Services that are told of a delivery when it is over. They count among those that it knows."""
MOST_OUTSIDE: Final = 10
"""States in which something is done and through which it does not go."""
MOST_SUBSTANCES: Final = 50
"""Of a consignment, of each kind of record of it, and so lines of a mass balance."""
MOST_EXTRADITING: Final = 20
"""States of which it is said whether they extradite: those on the way, and some beside."""
MOST_MOMENTS: Final = 10
"""Reminders of one checkpoint that are planned, and warnings of one authorisation that runs out."""
MOST_RUNGS: Final = 10
"""Of one ladder."""
MOST_LISTED_SERVICES: Final = 500
"""Of an installation: some ten of each of fifty States. A delivery takes along those it needs."""
MOST_CHANNELS: Final = 5
"""By which people at one desk are told. Each is tried for every notice."""
MOST_OF_A_BODY: Final = 16
"""States of which a body is one, such as a regional centre."""
MOST_NAMES: Final = 20
"""Of a service, one in each language."""
MOST_LANGUAGES: Final = 10
"""In which a State takes requests."""
MOST_KINDS: Final = 12
"""Kinds of services that grant: all but those that run the installation or watch over it."""
MOST_SOURCES: Final = 20
"""Laws and treaties on which a card rests."""
MOST_DUTIES_OF_A_CARD: Final = 10
MOST_PROVISIONS: Final = 16
"""Of a card, about one thing: by channel, goods and stage."""
MOST_OFFENCES: Final = 50
"""Articles of a closed list, and those that a plan names for one State."""
MOST_BASES: Final = 4
"""Treaties, agreements and laws on which one State is asked."""
MOST_ASKED_CONDITIONS: Final = 8
"""By what whoever asks for consent says that it is bound."""
MOST_ROLES: Final = 6
"""Roles in the offence that a request counts persons of."""
MOST_PARTIES: Final = 4
"""Firms and persons that the papers of a consignment name, and a request tells."""
LONGEST_FIRM: Final = 120
"""Characters of the name of a firm, in full."""
LONGEST_REGISTERED: Final = 40
"""Characters of its number in a register."""
MOST_COMPANIONS: Final = 50
"""Officers of one service who travel along."""
MOST_ANNEXES: Final = 5
"""Files that go with a request for consent."""
REQUEST_FOR_CONSENT_BYTES: Final = 64 * KIB
"""Of what one State is asked to decide on: all its own texts at their bounds have 44 KiB, and goods at theirs 16."""
MOST_MEMBERS: Final = 32
"""Consignments of one group."""
MOST_WAITS: Final = MOST_MEMBERS - 1
"""Checkpoints of siblings that one checkpoint waits for: of each other member one."""
MOST_WAITING: Final = 8
"""Checkpoints of one plan that wait for siblings."""
MOST_WAITS_IN_ALL: Final = 2 * MOST_WAITS
"""What they wait for, together."""
SIBLING_BYTES: Final = 64 * KIB
"""Of the signed statements that prove that a sibling has reached a checkpoint."""
MOST_BROUGHT_SERVICES: Final = 100
MOST_BROUGHT_CARDS: Final = 20
"""New with one change of the plan: as many as a plan can name, and some to spare."""

# One delivery

MOST_SERVICES: Final = 64
"""Services that take part in one delivery, and so those that one checkpoint asks, one notice goes to, one errand names. So many
checkpoints a plan has, too.
"""
MOST_KNOWN_SERVICES: Final = 96
"""Services that one delivery knows from its beginning to its end: those that take part, those that were replaced, and who
watches over it. What each has said is counted by name, and who said something is a number of one byte.
"""
MOST_KEYS: Final = 64
"""Keys of one service, ended ones included: dozens of officers, each with a key of their own and one that it follows on."""
MOST_KEYS_EACH: Final = 7
"""Of a service, in a directory that has more than `MOST_KEYS`. A key is 240 bytes and the rest of a service 200, so 64 services
stay within `DIRECTORY_BYTES` (docs/decisions/0023).
"""
KEY_BYTES: Final = 240
"""Of one key in a directory."""
MOST_KEY_CHANGES: Final = 100
"""By one service, in one delivery: each is an entry and a notice to all. While the archive is behind, it counts as a brake."""
MOST_REQUIREMENTS: Final = 256
"""Answers that a plan asks for in all. Each that is open is a question under way and an answer to remember."""
MOST_CONSENTS: Final = 48
"""Authorisations, agreements and permissions among them: each is carried to the end, and may be asked to be longer."""
MOST_CORRECTABLE: Final = 64
"""Preparations, arrests and seizures among them: each is remembered to the end, so that it can be corrected."""
MOST_BY_TWO: Final = 32
"""Those that two officers must give: what the first says is remembered until the second has said it too."""
MOST_DUTIES: Final = 32
"""Duties that the cards make of the authorities which are asked: each is a checkpoint."""
MOST_STATES: Final = 16
"""States on the way."""
MOST_IDENTIFIERS: Final = 20
"""Numbers of a consignment."""
MOST_SELECTORS: Final = 100
"""Persons, telephones, plates and addresses of one plan."""
MOST_SELECTORS_IN_ALL: Final = 150
"""Of all plans that one delivery has had: which of them were signed for is carried, as hashes of 67 bytes."""
MOST_PLANS: Final = 64
"""Plans that one delivery has had: their digests are carried, and each that was signed stands in the ledger."""
MOST_BRANCHES: Final = 16
"""Histories of one delivery beside its first. Put back more often, it waits until somebody has mended the archive."""
PLAN_BYTES: Final = 192 * KIB
"""With the checkpoints that were opened and then taken out of it."""
CONTENTS_BYTES: Final = 16 * KIB
"""Of what the consignment holds, by the plan: each request that is about the consignment repeats it."""
DIRECTORY_BYTES: Final = 128 * KIB
"""64 services with seven keys each on average."""
CARDS_BYTES: Final = 232 * KIB
"""16 cards of 15 KiB each; the longest of the examples has four."""
SHORTEST_CHECK_IN: Final = timedelta(minutes=5)
SHORTEST_REMINDER: Final = timedelta(minutes=5)
"""Between two of them: each opens a checkpoint or sends a notice, and goes on for as long as a delivery is held."""
SHORTEST_RENEWAL: Final = timedelta(hours=1)
"""By which a permission is made longer at the least: who permits it for a moment more each time is not asked each time anew."""
REMINDERS_AT_PACE: Final = 48
"""Reminders as often as the plan says, of a checkpoint that waits without end: two days of them, if it says each hour."""
RARELY: Final = timedelta(days=1)
"""Between two of those that follow, where the plan's own pace is not slower: a record does not grow because nobody answers."""
MOST_REMINDERS: Final = 100
"""In all: with those at pace, seven weeks of waiting. What still waits stands in inboxes and lists, as overdue."""
AWAY_FOR: Final = timedelta(minutes=2)
"""Whoever comes to ask so long after a due time was away when that came: the time of what opened by itself begins only then."""

# What people write

LARGEST_TEXT: Final = 4_000_000
"""Bytes of the largest file of text that a command reads: a document of the most characters, each of four bytes."""

LONGEST_QUOTED: Final = 60
"""Characters of an answer that a refusal of it repeats."""

# What comes over HTTP

LARGEST_BODY: Final = 1_000_000
"""Bytes of the largest body that either side takes: a statement of the largest size in base64 has a third of it, an entry with a
plan of the largest size less than all.
"""
MOST_VALUES: Final = 10_000
"""Values in one JSON text, names of members not counted. The largest plan of the examples has a twentieth of it."""
DEEPEST: Final = 32
"""Lists and objects one inside another. A statement has at most 8."""
MOST_ANSWERS: Final = 100
"""That a polled service gives at once; it is asked for the rest right after."""

# What a service says

MOST_SEALS: Final = 50
"""On one consignment, or broken at once."""
MOST_UNITS: Final = 1_000
"""Containers of one consignment, each weighed. They are judged and not held."""
MOST_PACKAGES: Final = 1_000_000
"""Packages of one consignment, or in one unit of it; and pieces of counted goods are bounded as cash is."""
MOST_ITEMS: Final = 50
"""Substitutes and devices put in, or recovered."""
MOST_FINDS: Final = 100
"""Recovered beside what was sent."""
MOST_MOVED: Final = 30
"""Exhibits that are handed on, received or disposed of at once."""
PURE: Final = 1_000
"""Thousandths of a substance in what was examined: all of it."""
MOST_PARTS: Final = 20
"""Into which one consignment splits: each is a delivery of its own from then on."""
MOST_ATTACHMENTS: Final = 100
"""Files that one statement names: a parcel from every side, and each packet in it."""
ATTACHMENTS_BYTES: Final = 16 * KIB
"""Of what one statement says of them: a hundred, each with half a line on what it shows. It is beside what its kind may have."""
LARGEST_NAMED: Final = 2**40
"""Bytes of a file that is named: a week of video. What is kept of files is bounded apart."""
MOST_WITNESSES: Final = 10
MOST_TAKEN_FOR: Final = 20
"""Substances and goods that one find is taken for."""
MOST_NOTES: Final = 50
"""Denominations of a sum of cash."""
MOST_NOTES_COUNTED: Final = 1_000_000_000
"""Of one denomination: a sum of them is exact in every language's numbers."""
MOST_PERSONS: Final = 50
"""Arrested, or freed, by one statement."""
MOST_WITH_SEIZED: Final = 25
"""Arrested with what is interdicted: that statement is a brake, and has few bytes."""
MOST_INTERVALS: Final = 50
"""Of one surveillance log: a day of it, relieved twice an hour. A longer one comes in several."""
MOST_INTERVALS_IN_ALL: Final = 5_000
"""Of all surveillance logs of one delivery: ten an hour for three weeks. Whoever reads it sorts them."""
MOST_TEAMS: Final = 64
"""Of all surveillance logs of one delivery: until when each has watched is carried from run to run."""
MOST_UNWATCHED: Final = 100
"""Gaps in a surveillance log that are shown, the first. How many there are is shown too."""
MOST_COSTS: Final = 50
"""Lines of what a delivery has cost."""
MOST_PROSECUTIONS: Final = 50
"""Persons or roles of whom it is said which State prosecutes them."""
MOST_TRANSFERS: Final = 16
"""Requests to take over proceedings, in one delivery."""
MOST_COOPERATING: Final = 10
"""Persons who cooperate in one delivery, and recorders that they carry."""
MOST_ARTICLES: Final = 5
"""Of a law, in which a case was opened or somebody is charged."""
MOST_CHARGES: Final = 12
"""Persons or roles that one statement says are charged."""
MOST_COPIES: Final = 10
"""Of results that are handed over."""
MOST_CONDITIONS: Final = 20
"""Of one authorisation."""
MOST_FULFILLED: Final = 50
"""Conditions that one statement says are met: those of several authorisations bind at one checkpoint."""
MOST_ADDRESSEES: Final = 50
"""Services to which information goes."""
MOST_DISCLOSED: Final = 100
"""Statements that one agreement opens to a court, or one act to everybody."""

LARGEST_PAYLOAD: Final = 512 * KIB
"""Bytes of what any envelope holds, before they are a text of base64."""
LARGEST_OF_GOODS: Final = 192 * KIB
"""Bytes of a statement, canonical, that names each unit, item or find: what was prepared and what was seized, and corrections of
these. Each kind has its own bound.
"""
LARGEST_ACKNOWLEDGEMENT: Final = 2 * KIB
"""Of an acknowledgement of a request. The largest that its fields allow is smaller."""
LARGEST_OF_PARTS: Final = 64_000
"""Of one that names what each part holds."""
LARGEST_ACT: Final = 20_000
"""Of an authorisation with its conditions, an agreement with the other side's inside it, and information."""
LARGEST_OF_LISTS: Final = 20_000
"""Of a list of persons, intervals or prosecutions. The largest that its fields allow is smaller, in whatever letters."""
LARGEST_OF_COSTS: Final = 56_000
"""Of what a delivery has cost: each line says what for. The largest that its fields allow is smaller, in whatever letters."""
LARGEST_OF_DETECTION: Final = 32_000
"""Of a report of what was found. The largest that its fields allow is smaller."""
LARGEST_OF_ACTS: Final = 32_000
"""Of acts that name statements, exhibits or charges. The largest that its fields allow is smaller, in whatever letters."""
LARGEST_OF_SEALS: Final = 24_000
"""Of a measurement at a handover. The largest that its fields allow is smaller, in whatever letters."""
LARGEST_NOTE: Final = 8_000
"""Of everything else: a few fields, and a reason. Here too the largest that its fields allow is smaller."""
LARGEST_BRAKE: Final = 8 * KIB
"""Of one that only stops or ends something. The largest that its fields allow is smaller, so none is refused for it."""

SPEAKER_STATEMENTS: Final = 2_000
SPEAKER_BYTES: Final = 24 * KIB * KIB
"""Of a service that is asked or responsible, in one delivery: one a quarter of an hour for three weeks."""
SHARED_STATEMENTS: Final = 20_000
SHARED_BYTES: Final = 10 * SPEAKER_BYTES
"""Of all of these together: where there are more than ten, each has an equal share."""
UNASKED_STATEMENTS: Final = 30
UNASKED_BYTES: Final = 256 * KIB
"""Of a service of which nothing is asked."""
MOST_HELD_UNASKED: Final = 100
"""Exhibits for each of which such a service may say more: a laboratory that has all finds of a seizure."""
BRAKES: Final = 8
BRAKES_MORE: Final = 24
"""Brakes beyond that, for each service: always, and after decisions to go on, one for each."""
EARLY_BYTES: Final = 4 * KIB
"""Of statements that came before their time, in their envelopes, for each service: they are carried from run to run."""
EARLY_BYTES_OF_ALL: Final = 48 * EARLY_BYTES
"""Of those of all services together."""
MOST_STATEMENTS: Final = SHARED_STATEMENTS + (MOST_SERVICES - 10) * UNASKED_STATEMENTS
"""Of one delivery, brakes and refusals for it not counted: what the budgets of all come to."""
MOST_KNOWN: Final = 24_000
"""Statements that are known by their ids: those, brakes, and one that was refused for its budget, of each service."""
MOST_BRAKES_KNOWN: Final = MOST_KNOWN - MOST_KNOWN_SERVICES - MOST_CONSENTS - 2
"""Beyond so many, a brake is refused unless nothing has stopped: room is left for a refusal of each service, for each authority
that takes its consent back where nothing stops for it any more, for the seizure with which a plan ends, and for the stop.
"""

GRANTED_BYTES: Final = 14 * KIB
"""Of the conditions of all authorisations. Whoever is still asked has an equal share of what is left, and so for seizures."""
PREPARED_BYTES: Final = 16 * KIB
"""Of what was kept, removed and sampled, and put in, by the last record of it, and of what was taken out on the way. Units are
judged and not held.
"""
MOST_STRETCHES: Final = 20
"""Of how many stretches it is known who was responsible when: the last ones. Who had it before can log its watch no more."""
SEIZED_BYTES: Final = 16 * KIB
"""Of what was recovered."""
ARRESTED_BYTES: Final = 4 * KIB
"""Of the persons who were arrested: a hundred, with codes as they are given."""
EXHIBITS_BYTES: Final = 40 * KIB
"""Of what was done with exhibits since they were seized or taken out: who holds them now, what is left, what became of them. What
is said of many at once counts once, and their labels.
"""
PARTS_BYTES: Final = 12 * KIB
"""Of the parts that it split into; as much of how they ended."""
CONTACTS_BYTES: Final = 24 * KIB
"""Of whom to call about other operations: each has an equal share, and as many of its keys as fit into that."""
OWED_BYTES: Final = 24 * KIB
"""Of notices that services have still to be told. Beyond it the oldest are told no more; the ledger has what they were about."""

# What is asked of services, and what is handed in

REQUEST_BYTES: Final = 64 * KIB + REQUEST_FOR_CONSENT_BYTES
"""Of one request: seals, contents and conditions at their bounds come to 50 KiB; one that asks for consent has that request too.
"""
PROBLEM_CHARACTERS: Final = 4_000
"""Of the words in it that say what a decision, a conflict or a stop is about."""
MOST_ABOUT: Final = 50
ABOUT_BYTES: Final = 8 * KIB
"""Of the codes in it that say the same: as many as there is room for, the first ones."""
MOST_REQUESTS: Final = 2_000
REQUESTS_BYTES: Final = 36 * KIB * KIB
"""Of all requests of one delivery that are open at the same time: those that services are asked themselves, fewer than 512, of
which 48 ask for consent, and, as long as there is room, what they may answer for others.
"""
ERRAND_BYTES: Final = 768 * KIB
"""Of the requests and services that one errand names; those of a checkpoint that are more go in several."""

# Files that belong to what is said, as far as they are kept

LARGEST_FILE: Final = 2 * KIB**3
"""Of one: two hours of video. The command attaches no larger one; who names it all the same hands it over otherwise."""
MOST_FILES_EACH: Final = 500
FILES_BYTES_EACH: Final = 20 * KIB**3
"""Of one service, in one delivery."""
MOST_FILES: Final = 2_000
FILES_BYTES: Final = 50 * KIB**3
"""Of all services of one delivery."""
MOST_LISTED_FILES: Final = 10_000
"""Of one answer: with what the longest statements name, more are named than are ever kept."""

# One run of the workflow: it ends long before Temporal's limits

RUN_UPDATES: Final = 600
"""Beside 840 that come until the archive is behind, and 512 brakes after that."""
RUN_EVENTS: Final = 8_000
RUN_BYTES: Final = 8_000_000
RUN_SECONDS: Final = 7 * 24 * 3600

BATCH_ENTRIES: Final = 200
BATCH_BYTES: Final = 512 * KIB
"""Of what is handed to the archive at once, canonical, unless it is one larger entry."""
ENTRY_BYTES: Final = 1024 * KIB
"""Of one entry: the largest records a changed plan, in base64, with the services and cards new to it, and has 640 KiB."""
SNAPSHOT_BYTES: Final = 1024 * KIB
"""Of the services and cards that a delivery begins with, which have 384 KiB."""
MOST_PEAKS: Final = 31
"""Full subtrees at the edge of a tree of fewer than 2**31 leaves."""
MOST_UNKEPT: Final = 768 * KIB
"""Of entries that the archive has not yet, canonical: beyond it only brakes are taken, until it has caught up."""
MOST_CARRIED_UNKEPT: Final = 116 * KIB
"""Of entries that the archive has not yet, canonical, when a run ends: they go on to the next. A larger one is waited for."""

# The register of live operations, as the archive keeps it

MOST_LIVE_OPERATIONS: Final = 50_000
"""Live operations of an installation."""
MOST_LIVE_OF_A_STATE: Final = 20_000
"""Of one State, so that no State alone leaves the others without room."""
MOST_HASHES: Final = 500_000
"""In all of them: ten of each where there are as many as there may be."""
MOST_HASHES_EACH: Final = MOST_IDENTIFIERS + MOST_SELECTORS
"""Of one operation: the numbers of its consignment, and the selectors of its plan."""
MOST_CONTACTS: Final = 16
"""Operations that may touch one. Each is told of all the others, with the keys of whom to call."""

# Who has looked for what in it, within a day

MOST_SELECTORS_OF_A_SERVICE: Final = 240
"""Different selectors that the operations of one service may look for: twice what the largest plan holds."""
MOST_SELECTORS_OF_A_STATE: Final = 960
"""The same, of all services of a State together: four services that each do all they may."""
MANY_SELECTORS: Final = 150
"""Different selectors of one service within the window that are a pattern: more than any single plan holds."""
MANY_MISSES: Final = 12
"""Operations of one service within the window whose look found nobody: as many."""
MANY_NEIGHBOURS: Final = 10
"""Different numbers of one service within the window that differ in their last three digits only: as many."""
MOST_LOOKS_FOR_A_SELECTOR: Final = 3
"""Operations of one service that may look for the same selector: whoever asks daily learns when it is watched. It is counted by
service, so that nobody learns from it that another looks for the same.
"""
MOST_ENQUIRIES: Final = 2_000
"""Of one State: each claim of it is held against as many."""
MOST_MARKS: Final = 12_000
"""In all of them, of 19 bytes. Above either no enquiry of that State is counted any more, so none is answered."""
MOST_ALARMS: Final = 100
"""Kept, the newest; the number of each shows whether older ones were dropped."""
MOST_NAMED: Final = 10
"""Operations and signers that an alarm names, the newest."""

# What leaves the archive

MOST_ENTRIES: Final = 100_000
"""Of a packet: statements at their budgets, and what is decided, asked and told about each."""
MOST_PRINTED_ROWS: Final = 300
"""Of one table on paper, some ten pages. What is more is named there, and stands in the packet."""
ENTRIES_OF_A_PAGE: Final = 200
"""Of a ledger that is read page by page: the largest is read in some hundred."""
BYTES_OF_A_PAGE: Final = 1024 * 1024
"""Of these entries, canonical; one entry is a page, however large."""
MOST_READ: Final = 1_000
"""Deliveries that one answer shows, and one record of the log of reads names."""

LONGEST_LIST: Final = 200
"""Rows of one page of a list."""
MOST_ASKED_BY_NAME: Final = 50
"""Deliveries that a list is asked for by name: 2,000 characters of an address, which may have 8,000."""
LARGEST_NUMBER_OF_HANDOVER: Final = 999_999
"""Three a day for 900 years."""
MOST_ON_SHEET: Final = 100
"""Open deliveries on the sheet of a shift, the worst; of more there is the number. So its page stays below 200 KB."""
MOST_HAPPENED: Final = 60
"""Entries that it tells one by one."""
MOST_MOVED_ON_SHEET: Final = 30
"""Deliveries on it that got worse, that got better, and consents that end."""
MOST_COMPARED: Final = 100
"""Deliveries that are read as they stood when the shift began, which costs some ten milliseconds each."""
MOST_CONTEXTS: Final = 50
"""Contexts of one person: installations, and services in them, that somebody acts for."""
MOST_OFFERED: Final = 5
"""Files of a folder that are named to whoever gave the folder in place of one."""
LONGEST_INBOX: Final = 50
"""Requests of one page of an inbox: each may have `REQUEST_BYTES`."""
LONGEST_CURSOR: Final = 1_000
"""Characters of where to go on in a list: two moments and a name, sealed, have some 400."""
LONGEST_SEARCH: Final = 100
"""Characters of a text that is looked for: as many as a title has words for."""
MOST_SEARCHED: Final = 1_000
"""Rows that a search for text looks at before it answers: each title is deciphered for it."""
MOST_PAGES: Final = 1_000
"""Of one list or inbox, as whoever reads all of it goes on: 200,000 deliveries, a million that are searched, or 50,000 requests,
which is five in each of 10,000 open deliveries. A gateway that gives more gives no end.
"""
MOST_CARRIED_REQUESTS: Final = MOST_PAGES * LONGEST_INBOX
"""Requests in one file that is carried to people without a network: all of an inbox."""

MOST_CHANGES: Final = 1_000
"""Deliveries that changed, in one answer. They are asked for four times a second."""

# What watches over all deliveries of an installation

MOST_RUNS: Final = 20_000
"""Runs that are listed at once: whoever can write to Temporal may begin more than there are deliveries."""
MOST_RUNS_OF_A_PAGE: Final = 1_000
"""As many as Temporal lists at once."""
SWEEP_SHARE: Final = 20.0
"""Seconds of each minute in which the archive is held against the runs, one run after another: a third of a core at most, so that
what is said meanwhile is not kept waiting. Of 10,000 open deliveries each is looked at within an hour at 100 ms for one,
which one that is replayed for it takes on a busy machine (`bench/sweep.py`).
"""
LONGEST_BUILD: Final = 255
"""Characters of the name of a worker's build, as many as Temporal takes."""

# Notices for who watches over all deliveries

MOST_SUBSCRIPTIONS: Final = 8
"""Of one officer: a page, a mail and a webhook for the day and for the night, and some to spare."""
MOST_SUBSCRIPTIONS_OF_SERVICE: Final = 40
"""Of the officers of one service: a hostile one leaves the others their own."""
MOST_SUBSCRIPTIONS_IN_ALL: Final = 200
"""Of an installation. A gateway sends to each of them at the same time, so this many connections."""
MOST_QUIET: Final = 7
"""Spans of a day in which notices wait."""
LONGEST_ADDRESS: Final = 500
"""Characters of the address of a webhook. A mail address is shorter."""
MOST_OCCASIONS: Final = 20
"""Of one delivery at one moment: as many as one row of the watch floor can hold."""

# The results of a period

MOST_TALLIED: Final = 2_000
"""Lines that one delivery adds for one reader. What is asked of 64 services at two dozen kinds of checkpoints comes to fewer."""
TENTHS: Final = 10
"""Parts of equal likelihood that a forecast is cut into."""
LONGEST_TALLIED: Final = 80
"""Characters of each word that says of what a line is: a name of the catalogue of substances, or a service's id."""
MOST_TOTALS: Final = 20_000
"""Lines of the results of a period: answers alone come to 500 services at two dozen kinds of checkpoints."""
MOST_SIMULATED: Final = 1_000
"""Simulated deliveries that a forecast which is kept may be of."""
MOST_FORESEEN: Final = 1_500
"""Lines of one forecast, which come in one body: 30 services at a few kinds of checkpoints, each with a dozen spans."""
MOST_PACKETS: Final = 100_000
"""From which results are counted at once."""

CORRECTABLE_FOR: Final = timedelta(hours=72)
"""For how long a delivery that has everything disposed of stays open for the last act of that to be corrected, within what the
plan gives for it. No law that was read gives a time [N].
"""
LONGEST_AFTERWARDS: Final = timedelta(days=731)
"""For how long a delivery stays open after its outcome, for what is still held: an expert's opinion and a verdict take months."""

"""Whether a name is an organisation's or a person's.

Digest notes put either in the same parentheses, so it can only be told from the words themselves. Three signs are
asked, the surest first: names and brands known here; words that only organisations carry (`Team`, `Labs`, `AI`, `Inc.`)
and marks no person's name holds (`@`, digits, `.ai`); and, for a name that stands alone, a shape no person's
name has (a single word, capitals only, all lower case). What is left is a person.
"""

from __future__ import annotations

import re

from bot.core.text import fold

_BRAND_LIST = """
google deepmind meta facebook openai anthropic nvidia microsoft amazon apple alibaba tencent baidu bytedance huawei
ibm samsung naver kakao kakaobrain lg qwen deepseek xai cohere eleutherai huggingface databricks mosaicml salesforce
adobe snowflake bigscience bigcode laion allenai ai2 minimax moonshot zhipu zhipuai thudm glm baichuan stepfun
sensetime iflytek meituan longcat xiaomi kuaishou kwai rednote xiaohongshu hunyuan internlm opengvlab openbmb baai
skywork upstage linkedin uber waymo wayve spacex runwayml midjourney ideogram suno udio perplexity unsloth lmsys
lmarena vllm sglang pytorch tensorflow keras metr sakana zyphra ai21 nemotron cerebras groq sambanova graphcore
coreweave spotify netflix bloomberg pinterest twitter reddit tiktok yandex sber sberbank sberdevices doubao volcengine
inclusionai antgroup oppo lenovo siemens oracle cloudflare github gitlab replit anysphere windsurf codeium sourcegraph
dropbox airbnb roblox nexon ncsoft krafton skt decart genmo lightricks elevenlabs assemblyai deepgram kyutai tsinghua
cmu caltech kaist postech neurips internvl evolutionaryscale lighton argilla
"""
_NAME_LIST = """
1x; abacus; adaptive ml; adept; agibot; aleph alpha; allen ai; allen nlp; amd; answer.ai; ant; anyscale; apollo; arcee
arm; ars technica; artificial analysis; asus; augment code; aya; bair; berkeley; bigscience; black forest labs; bosch
boston dynamics; bytedance seed; canva; cartesia; character.ai; chatgpt; cisco; claude; cleanlab; cognition
common crawl; conjecture; contextual; core; crusoe; cursor; databricks mosaic; deep cogito; deep learning indaba
deep mind; distill; doordash; duolingo; dyna; edinburgh; elicit; epoch; etched; exa; fair; falcon; fast.ai; figma
figure; financial times; future house; gemini; gemma; general agents; general intuition; general reasoning; goodfire
google brain; google x; gpt; grammarly; gray swan; hacker news; harvard; heygen; honor; hugging face; hume; imbue
ineffable intelligence; inflection; instacart; intel; interconnects; internet archive; isomorphic; jane street; jax
jd; jd.com; jina; kimi; kling; krea; kt; labelbox; langchain; latent space; lesswrong; letta; ling; liquid; llama
llamaindex; lmms lab; luma; m-a-p; machine learning street talk; magic; marin; max planck; mechanical orchard
mechanize; mistral; mistral nemo; mit; mit csail; mit technology review; modal; morph; mozilla
multimodal art projection; nebius; neural concept; neural magic; new york times; nomic; normal computing; notion; nous
open assistant; open interpreter; open philanthropy; open r1; open source initiative; open thoughts; openassistant
orca; ought; oxford; palisade; palm; phi; physical intelligence; pika; pinecone; pleias; poolside; predibase
prime intellect; prime video; princeton; project zero; qualcomm; quanta magazine; ramp; recursal; red hat; redwood
reflection; reka; robbyant; runway; rwkv; safe superintelligence; sand.ai; sap; sapient; scale; seed; semianalysis
sesame; shanghai ai lab; sk hynix; sk telecom; skild; snap; snorkel; sony; speechmatics; stability; stack overflow
standard kernel; stanford; stanford crfm; stanford hai; stripe; surge; tavus; tesla; the information; the verge
thinking machines; thoughtful; tii; tii uae; tilde; tiny corp; together; together computer; toyota; transluce
two sigma; ubisoft; uc berkeley; unitree; unity; vals; vercel; vivo; voyage; wall street journal; weaviate
weights & biases; wolfram alpha; world labs; writer; z.ai; zai; zed
"""
_WORD_LIST = """
team teams lab labs laboratory laboratories research inc inc. llc ltd ltd. corp corp. corporation company gmbh s.a.
group institute institutes university college foundation consortium collaboration collective community workshop
project initiative center centre department dept authors contributors maintainers organization organisation
association alliance technologies technology systems computing intelligence robotics superintelligence ventures
academy society committee council agency office government ministry magazine newsletter podcast developers engineering
sciences platforms software hq org industries solutions analytics
"""
_LONE_WORD_LIST = """
bench arena hub data cloud times blog news forum capital studio studios computer models safety security network networks
machines dynamics bio discovery scientific therapeutics biomedicines materials
"""
_PARTICLE_LIST = """
de del della der den des di da do dos du e el la le les los van von vom zu zum ter ten bin binti ibn al ap y of st.
san 't op mc ben abu ul
"""
_BRANDS = frozenset(_BRAND_LIST.split())  # no word of a person's name: one is enough
_KNOWN = frozenset(name.strip() for name in _NAME_LIST.replace("\n", ";").split(";"))  # only as the whole name
_WORDS = frozenset(_WORD_LIST.split())
_LONE_WORDS = frozenset(_LONE_WORD_LIST.split())  # surnames too, so they count in a name that stands alone
_EXACT_WORDS = frozenset(
    {"AI", "A.I.", "ML", "HCI", "R&D", "NLP", "CSAIL", "LLM", "LLMs", "AGI", "ASR", "TTS", "GenAI"}
)
_PARTICLES = frozenset(_PARTICLE_LIST.split())
_MARKS = re.compile(r"[@/+]|\.(?:ai|com|org|io|net|co|inc)\b|\w-AI\b", re.IGNORECASE)
_WORD_SPLIT = re.compile(r"[\s,&]+")
_NAME_WORD = re.compile(r"[^\W\d_][\w'’‘`.\-‐‑–*·]*", re.UNICODE)
_TWO_CAPITALS = re.compile(r"[A-Z]{2,}(?![a-z])")
_CHINESE_NAME = re.compile("[\u4e00-\u9fff]{2,4}")
_KOREAN_NAME = re.compile(  # a common family name and two syllables, but no `서울대`
    "[김이박최정강조윤장임한오서신권황안송류유홍손양배백허남심노곽차주민진지엄채원천방현함변염][가-힣](?!대)[가-힣]"
)
_SHORT_FIRST_NAME = re.compile(r"[A-Z]{2} [A-Z][a-z]{2,}")  # `AJ Example`
_ROMAN = frozenset({"II", "III", "IV", "JR", "SR"})


def is_organisation(name: str, *, alone: bool = False) -> bool:
    """Whether a name is an organisation's; `alone`: it is the only one in its parentheses, where shape counts too.

    >>> [is_organisation(name, alone=True) for name in ("Google DeepMind", "Qwen Team", "Mila", "Yann LeCun")]
    [True, True, True, False]
    """
    if name.startswith("@"):
        return False  # a person's handle
    return is_known(name) or _has_sign(name) or (alone and not looks_like_person(name))


def looks_like_person(name: str) -> bool:
    """Whether a name has the shape of a person's: two to seven words, each a capitalised word, initial or particle.

    >>> looks_like_person("Ludwig van Beethoven"), looks_like_person("MIT CSAIL"), looks_like_person("Anthropic")
    (True, False, False)
    """
    if _CHINESE_NAME.fullmatch(name) or _KOREAN_NAME.fullmatch(name) or _SHORT_FIRST_NAME.fullmatch(name):
        return True
    words = [word.rstrip(",") for word in name.split()]
    if not 2 <= len(words) <= 7 or words[0].lower() == "the" or any(word.lower() in _LONE_WORDS for word in words):
        return False
    if any(_TWO_CAPITALS.fullmatch(word) and word not in _ROMAN for word in words):
        return False
    return all(_is_name_word(word) for word in words) and not _is_particle(words[-1])


def _is_particle(word: str) -> bool:
    return word in _PARTICLES


def _is_name_word(word: str) -> bool:
    if not _NAME_WORD.fullmatch(word):
        return False
    return not word[0].islower() or word.lower() in _PARTICLES or not word.isascii() or "'" in word or "-" in word


def is_known(name: str) -> bool:
    """Whether a name is, or holds, one that is listed here."""
    folded = fold(name).strip(" .")
    if folded in _KNOWN or folded.removesuffix("-ai") in _BRANDS:
        return True
    return any(word in _BRANDS for word in _WORD_SPLIT.split(folded) if word)


def _has_sign(name: str) -> bool:
    if _MARKS.search(name):
        return True
    words = _WORD_SPLIT.split(name)
    return any(word in _EXACT_WORDS or word.lower() in _WORDS for word in words)

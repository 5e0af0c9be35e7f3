// The pre-tokenizers of known models. Aliases are names that llama.cpp (src/llama-vocab.cpp) gives the same expressions;
// names of equal steps are separate entries if further facts distinguish them. Expressions are
// those of the models' own tokenizer.json; `default` and `deepseek-llm` follow llama.cpp. Where llama.cpp splits text by
// other expressions than the model's, both are listed.

extension PreTokenizer {
  enum Patterns {
    /// GPT-2: contractions, words, numbers and punctuation, each with one space before, white space.
    static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
    private static let rest = #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    /// Llama 3: numbers in groups of up to three.
    static let llama3 = contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"# + rest
    /// Qwen 2: digits alone.
    static let qwen2 = contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"# + rest
    /// Qwen 3.5: marks count as letters.
    static let qwen35 =
      contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
    private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
    private static let slashed = #" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let lead = #"[^\r\n\p{L}\p{N}]?"#
    /// Mistral's Tekken: words also split between lower case and upper case.
    static let tekken = lead + upper + "*" + lower + "+|" + lead + upper + "+" + lower + #"*|\p{N}|"# + slashed
    /// GPT-4o: as Tekken, with contractions at the end of words and numbers in groups of up to three.
    static let gpt4o =
      lead + upper + "*" + lower + "+" + contractions + "?|" + lead + upper + "+" + lower + "*" + contractions
      + #"?|\p{N}{1,3}|"# + slashed
    // llama.cpp has no letter case beyond ASCII, and marks are not letters: `[^a-z\P{L}]` is a letter that is not a–z.
    private static let upperASCII = #"[^a-z\P{L}]"#
    private static let lowerASCII = #"[^A-Z\P{L}]"#
    /// Tekken as llama.cpp splits it.
    static let tekkenASCII =
      lead + upperASCII + "*" + lowerASCII + "+|" + lead + upperASCII + "+" + lowerASCII + #"*|\p{N}|"# + slashed
    /// GPT-4o as llama.cpp splits it.
    static let gpt4oASCII =
      lead + upperASCII + "*" + lowerASCII + "+" + contractions + "?|" + lead + upperASCII + "+" + lowerASCII + "*"
      + contractions + #"?|\p{N}{1,3}|"# + slashed
    /// Kimi K2: as GPT-4o, with runs of Han apart from other letters.
    static let kimi =
      #"[\p{Han}]+|"# + lead + upperNoHan + "*" + lowerNoHan + "+" + contractions + "?|" + lead + upperNoHan + "+"
      + lowerNoHan + "*" + contractions + #"?|\p{N}{1,3}|"# + rest
    private static let upperNoHan = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"#
    private static let lowerNoHan = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"#
    /// Kimi K2 as llama.cpp splits it: letters of either case are one word, marks are signs, and Han are blocks of ideographs.
    static let kimiLlamaCpp =
      hanBlocks + "+|" + lead + #"[\p{L}&&[^"# + hanBlocks + #"]]+(?:'[sStTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL])?"#
      + #"|\p{N}{1,3}|"# + rest
    private static let hanBlocks =
      "[\u{4E00}-\u{9FFF}\u{3400}-\u{4DBF}\u{20000}-\u{2A6DF}\u{2A700}-\u{2EBEF}\u{F900}-\u{FAFF}\u{2F800}-\u{2FA1F}]"
    /// Punctuation and symbols, as llama.cpp splits them for Falcon.
    static let falconSigns = #"[\p{P}\$\+<=>\^~\|`]+"#
    /// DeepSeek 3.
    static let deepSeek3 =
      ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"##
      + #"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    static let deepSeekHan = "[\u{4E00}-\u{9FA5}\u{3040}-\u{309F}\u{30A0}-\u{30FF}]+"
    static let deepSeekEastAsian = "[\u{4E00}-\u{9FA5}\u{0800}-\u{4E00}\u{AC00}-\u{D7FF}]+"
    static let deepSeekSigns =
      "\\s?[!-/:-~\u{FF01}-\u{FF0F}\u{FF1A}-\u{FF5E}\u{2018}-\u{201F}\u{3000}-\u{3002}]+"
    static let bloom = #" ?[^(\s|[.,!?…。，、।۔،])]+"#
    /// Ling: contractions of either case, one line break at a time.
    static let bailing =
      #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#
    /// Ufakzeka: as Qwen 2, without contractions.
    static let ufakzeka = #"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"# + rest
    /// MiniCPM 5, after numbers in groups of up to three.
    static let miniCPM5 = contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+|"# + rest
    static let seedCoder =
      contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+"#
    /// The letters of DeepSeek's first models: those with case, of the scripts that llama.cpp lists.
    static let deepSeekLetters =
      "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛ"
      + "ὝὟ-\u{1F7D}ᾀ-ᾴᾶ-ᾼ\u{1FBE}ῂ-ῄῆ-ῌῐ-\u{1FD3}ῖ-\u{1FDB}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\u{2126}ℨ\u{212A}-ℭℯ-ℴℹℼ-ℿ"
      + "ⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+"

    /// The known spelling of `pattern`: DeepSeek's list of letters with case is longer in some files than in others.
    static func canonical(_ pattern: String) -> String {
      pattern.utf8.starts(with: deepSeekLetters.utf8.prefix(64)) ? deepSeekLetters : pattern
    }
  }

  static let known: [PreTokenizer] = [
    PreTokenizer(
      name: "gpt-2",
      aliases: [
        "jais", "mellum", "gigachat", "exaone4", "a.x-4.0", "jina-v1-en", "jina-v2-es", "jina-v2-de", "jina-v2-code",
        "jina-es", "jina-de", "roberta-bpe", "trillion", "granite-docling",
      ],
      steps: [.byteLevel]),
    PreTokenizer(name: "phi-2", steps: [.byteLevel], requirements: [.hasSpaceRuns], exclusions: [.composes]),
    PreTokenizer(
      name: "modern-bert", steps: [.byteLevel], composes: true, requirements: [.composes, .hasToken("[CLS]")]),
    PreTokenizer(name: "olmo", aliases: ["mpt"], steps: [.byteLevel], composes: true, requirements: [.composes]),
    PreTokenizer(
      name: "llama-bpe",
      aliases: ["llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"],
      steps: [.split(Patterns.llama3)], addsStart: true, ignoresMerges: true, requirements: [.takesWordsWhole]),
    PreTokenizer(
      name: "smaug-bpe", aliases: ["dbrx", "chatglm-bpe"], steps: [.split(Patterns.llama3)], exclusions: [.addsStart]),
    PreTokenizer(
      name: "glm4", aliases: ["glm5"], steps: [.split(Patterns.llama3)], ignoresMerges: true,
      requirements: [.takesWordsWhole, .hasToken("[gMASK]")]),
    PreTokenizer(
      name: "smollm", aliases: ["codeshell", "exaone", "minerva-7b", "mellum2"], steps: [.digits, .byteLevel]),
    PreTokenizer(
      name: "starcoder", steps: [.digits, .byteLevel],
      requirements: [.hasToken("<fim_prefix>"), .hasToken("<file_sep>")]),
    PreTokenizer(
      name: "refact", steps: [.digits, .byteLevel],
      requirements: [.hasToken("<fim_prefix>"), .hasToken("<filename>")]),
    PreTokenizer(name: "command-r", steps: [.digits, .byteLevel], composes: true, requirements: [.composes]),
    PreTokenizer(
      name: "falcon", steps: [.punctuationRuns, .byteLevel, .digitRuns, .split("[0-9][0-9][0-9]")],
      llamaCppSteps: [.split(Patterns.falconSigns), .split(Patterns.gpt2), .split("[0-9][0-9][0-9]")]),
    PreTokenizer(
      name: "qwen2",
      aliases: ["stablelm2", "hunyuan", "megrez", "deepseek-r1-qwen", "kormo", "f2llmv2", "solar-open", "grok-2"],
      steps: [.split(Patterns.qwen2)], composes: true),
    PreTokenizer(name: "qwen35", steps: [.split(Patterns.qwen35)]),
    PreTokenizer(
      name: "tekken", steps: [.split(Patterns.tekken)], llamaCppSteps: [.split(Patterns.tekkenASCII)], addsStart: true,
      ignoresMerges: true),
    PreTokenizer(
      name: "gpt-4o", aliases: ["llama4", "kanana2", "talkie", "minimax-m2"], steps: [.split(Patterns.gpt4o)],
      llamaCppSteps: [.split(Patterns.gpt4oASCII)]),
    PreTokenizer(
      name: "kimi-k2", steps: [.split(Patterns.kimi)], llamaCppSteps: [.split(Patterns.kimiLlamaCpp)],
      modelIgnoresMerges: true),
    PreTokenizer(
      name: "deepseek-llm",
      steps: [
        .split("[\r\n]"), .split(Patterns.deepSeekLetters), .split(Patterns.deepSeekSigns), .split(#"\s+$"#),
        .split(Patterns.deepSeekEastAsian), .digits,
      ],
      llamaCppSteps: [
        .split("[\r\n]"), .split(Patterns.deepSeekLetters), .split(Patterns.deepSeekSigns), .split(#"\s+$"#),
        .split(Patterns.deepSeekEastAsian), .digitRuns,
      ]),
    PreTokenizer(
      name: "deepseek-coder",
      steps: [
        .split("[\r\n]"), .split(#"\s?\p{L}+"#), .split(#"\s?\p{P}+"#), .split(Patterns.deepSeekEastAsian), .digits,
      ]),
    PreTokenizer(
      name: "deepseek-v3", aliases: ["hunyuan-dense", "joyai-llm", "hy_v4"],
      steps: [.split(#"\p{N}{1,3}"#), .split(Patterns.deepSeekHan), .split(Patterns.deepSeek3)]),
    PreTokenizer(name: "seed-coder", steps: [.split(Patterns.seedCoder)]),
    PreTokenizer(name: "bailingmoe", aliases: ["bailingmoe2", "llada-moe"], steps: [.split(Patterns.bailing)]),
    PreTokenizer(name: "ufakzeka", steps: [.split(Patterns.ufakzeka)]),
    PreTokenizer(
      name: "minicpm5", steps: [.split(#"\p{N}{1,3}"#), .split(Patterns.miniCPM5)], ignoresMerges: true),
    PreTokenizer(name: "bloom", aliases: ["gpt3-finnish", "poro-chat"], steps: [.split(Patterns.bloom)]),
    PreTokenizer(name: "viking", steps: [.split(Patterns.bloom), .digits]),
    PreTokenizer(
      name: "default",
      steps: [
        .split(#"[\p{P}\$\+<=>\^~\|]+"#), .split(Patterns.gpt2), .split(#"\p{N}+"#), .split("[0-9][0-9][0-9]"),
      ]),
  ]
}

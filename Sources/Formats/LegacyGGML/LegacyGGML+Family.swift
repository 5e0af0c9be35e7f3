import Tensors

// Programs that share a magic number, told apart by what follows it. Sources: the conversion scripts in examples/ of ggml,
// those of whisper.cpp, bloomz.cpp, bert.cpp and rwkv.cpp, 2023.

extension LegacyGGML {
  /// The layout of the files of one program other than llama.cpp.
  struct Family: Sendable {
    /// What is in the file after the header's words.
    enum Vocabulary: Sendable {
      case none
      /// As many tokens as `n_vocab` says.
      case ofHeader(hasScores: Bool)
      /// A count, and as many tokens.
      case counted
    }

    /// The architecture or model, for reports.
    let name: String
    /// The words of the header; those that are floats are read as their bits.
    let fields: [String]
    let vocabulary: Vocabulary
    /// Beginnings of tensor names, one of which the first tensor has.
    let names: [String]
    var magic = Magic.ggml
    /// The versions of a magic that has any.
    var versions: ClosedRange<UInt32>?
    /// Whether the filters of a spectrogram follow the header: two counts, and the product of them as floats.
    var hasFilters = false

    init(
      _ name: String, _ fields: String, _ vocabulary: Vocabulary, names: [String]
    ) {
      self.name = name
      self.fields = fields.split(separator: " ").map(String.init)
      self.vocabulary = vocabulary
      self.names = names
    }
  }
}

extension LegacyGGML.Family {
  /// The header of llama.cpp.
  static let llamaFields = ["n_vocab", "n_embd", "n_mult", "n_head", "n_layer", "n_rot", "ftype"]

  /// Beginnings of the names in a file of llama.cpp.
  static let llamaNames = ["tok_embeddings.", "norm.", "output.", "layers.", "rope."]

  /// Every program but llama.cpp.
  static let all: [Self] = [
    Self(
      "GPT-2 or StarCoder", "n_vocab n_ctx n_embd n_head n_layer ftype", .counted, names: ["model/"]),
    Self(
      "GPT-J", "n_vocab n_ctx n_embd n_head n_layer n_rot ftype", .counted, names: ["transformer."]),
    Self(
      "GPT-NeoX", "n_vocab n_ctx n_embd n_head n_layer n_rot par_res ftype", .ofHeader(hasScores: false),
      names: ["gpt_neox.", "embed_out"]),
    Self(
      "MPT", "d_model max_seq_len n_heads n_layers n_vocab alibi_bias_max clip_qkv ftype",
      .ofHeader(hasScores: false), names: ["transformer."]),
    Self(
      "Replit", "d_model max_seq_len n_heads n_layers n_vocab ftype", .ofHeader(hasScores: true),
      names: ["transformer."]),
    Self(
      "Falcon", "n_vocab n_embd n_head n_layer ftype", .ofHeader(hasScores: false), names: ["transformer.", "lm_head"]),
    Self(
      "Falcon", "n_vocab n_embd n_head n_head_kv n_layer falcon_type ftype", .ofHeader(hasScores: false),
      names: ["transformer.", "lm_head"]),
    Self(
      "BLOOM", "n_vocab n_embd n_mult n_head n_layer ftype", .ofHeader(hasScores: false),
      names: ["tok_embeddings", "norm", "layers."]),
    Self(
      "BLOOM", "n_vocab n_ctx n_embd n_head n_layer ftype", .counted, names: ["transformer.", "word_embeddings", "h."]),
    Self(
      "BERT", "n_vocab n_max_tokens n_embd n_intermediate n_head n_layer ftype", .ofHeader(hasScores: false),
      names: ["embeddings.", "encoder.", "bert."]),
    whisper,
    rwkv,
    Self("SAM", "n_enc_state n_enc_layer n_enc_head n_enc_out_chans n_pt_embd ftype", .none, names: []),
  ]

  private static let whisper: Self = {
    var family = Self(
      "Whisper",
      "n_vocab n_audio_ctx n_audio_state n_audio_head n_audio_layer n_text_ctx n_text_state n_text_head n_text_layer"
        + " n_mels ftype", .counted, names: ["encoder.", "decoder."])
    family.hasFilters = true
    return family
  }()

  private static let rwkv: Self = {
    var family = Self("RWKV", "n_vocab n_embed n_layer data_type", .none, names: ["emb.", "blocks.", "ln_out", "head"])
    family.magic = .ggmf
    family.versions = 100...101
    return family
  }()
}

import Bytes
import Tensors

extension LegacyGGML {
  /// The prefix of the metadata keys that have the words of the header.
  static let headerKeyPrefix = "ggml."
  /// The key of the program that wrote a file, where that is not llama.cpp.
  static let familyKey = "ggml.family"
}

extension LegacyGGML.Contents {
  /// The parts that the model is split into: the embedding of each has a share of the columns.
  var partCount: Int {
    get throws(LegacyGGMLError) {
      guard family == nil, let embedding = tensors.first(where: { $0.name == "tok_embeddings.weight" }) else {
        return 1
      }
      let width = value("n_embd"), found = embedding.shape.rowElementCount
      guard found > 0, width % found == 0, width / found < 64 else {
        throw .partWidth(embedding.name, found: found, width: width)
      }
      return width / found
    }
  }

  /// The checkpoint of this file alone.
  func checkpoint(path: String) -> Checkpoint {
    checkpoint(path: path, files: [file], tensors: tensors, stored: tensors.flatMap(\.sources))
  }

  /// A checkpoint of `tensors` with this header and vocabulary.
  func checkpoint(
    path: String, files: [any ByteSource], tensors: [TensorDescriptor], stored: [TensorDescriptor],
    unused: [(tensor: TensorDescriptor, reason: String)] = [], remarks more: [String] = []
  ) -> Checkpoint {
    var metadata = Metadata()
    if let family { metadata[LegacyGGML.familyKey] = .string(ByteString(family.name)) }
    for (name, value) in header { metadata[LegacyGGML.headerKeyPrefix + name] = .uint32(value) }
    var remarks = more + remarks
    if family == nil {
      let read = vocabulary.metadata(tokenCount: value("n_vocab"))
      metadata.pairs.merge(read.pairs.pairs) { $1 }
      remarks += read.remarks
    }
    var facts = ["version": "\(revision)"]
    if let family { facts["program"] = family.name }
    if files.count > 1 { facts["fileCount"] = "\(files.count)" }
    return Checkpoint(
      container: .legacyGGML, path: path, files: files, metadata: metadata, tensors: tensors, stored: stored,
      unused: unused, containerFacts: facts, remarks: remarks)
  }
}

extension Checkpoint {
  /// The program of a container before GGUF, where that is not llama.cpp.
  public var otherGGMLProgram: String? { container == .legacyGGML ? metadata[LegacyGGML.familyKey]?.text : nil }

  /// The words of a container's header before GGUF, under their names: `n_embd`; nil for any other container.
  public var legacyGGMLHeader: [String: Int]? {
    guard container == .legacyGGML else { return nil }
    let pairs = metadata.pairs.compactMap { key, value in
      value.integer.flatMap { number in
        key.text.hasPrefix(LegacyGGML.headerKeyPrefix)
          ? (String(key.text.dropFirst(LegacyGGML.headerKeyPrefix.count)), number) : nil
      }
    }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }

  /// The key-value pairs of a tokenizer in the file itself, with the keys of GGUF; nil if there are none.
  public var tokenizerMetadata: Metadata? {
    guard container == .gguf || container == .legacyGGML, metadata["tokenizer.ggml.tokens"] != nil else { return nil }
    guard container == .legacyGGML else { return metadata }
    var pairs = Metadata()
    for (key, value) in metadata.pairs where key.text.hasPrefix("tokenizer.") { pairs.pairs[key] = value }
    return pairs
  }
}

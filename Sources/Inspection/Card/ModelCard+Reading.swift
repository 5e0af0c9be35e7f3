import Bytes
import Formats
import Models
import Quantization
import Tensors

extension ModelCard {
  /// The name of a comparison that is found without being named.
  public static let comparisonName = "compare.json"
  /// A comparison or receipt has at most this many bytes; that of a model with many experts has some tens of MB.
  private static let documentByteLimit = 1 << 28

  /// Reads the GGUF files of a folder and of the folders in it, and the documents about them.
  ///
  /// - Parameters:
  ///   - comparison: the path of `ingot compare --json`'s document; nil for `compare.json` in the folder, if it is there.
  /// - Throws: if a file cannot be read, the folder has no model, or the document is none of a comparison.
  public init(folder path: String, comparison: String? = nil, threads: Int = Parallel.coreCount) throws {
    let location = try InputLocation(path)
    guard location.file == nil else { throw LocatedError(path: path, reason: CardError.notAFolder) }
    let tree = location.folder
    let names = try Self.names(tree)
    var messages: [String] = []
    let document = try Self.comparison(comparison, tree)
    let figures = (document?.json["candidates"]?.array ?? []).compactMap(Figures.init)
    let conversions = try names.filter { Path.hasEnding($0, ".json") }.compactMap { try Self.receipt($0, tree) }

    var checkpoints: [Checkpoint] = []
    var seen: Set<ExactString> = []
    for name in names where Path.hasEnding(name, ".gguf") && !seen.contains(ExactString(tree.path(of: name))) {
      let file = try tree.open(name)
      let parts = name.split(separator: "/", omittingEmptySubsequences: false)
      let folder = parts.count > 1 ? InputLocation.folder(at: file.path) : tree
      let checkpoint = try Checkpoint.open(InputLocation(folder: folder, file: file))
      seen.formUnion(checkpoint.storedFiles.map { ExactString($0.path) })
      checkpoints.append(checkpoint)
    }
    let stored = checkpoints.map(\.storedFiles)
    var digests = try FileDigest.entries(of: stored.flatMap(\.self), threads: threads)[...]
    var entries: [Entry] = []
    var others: [(file: File, kind: String)] = []
    for (checkpoint, files) in zip(checkpoints, stored) {
      let files = zip(files, digests.prefix(files.count)).map { file, digest in
        File(
          name: Path.within(tree.path, file.path) ?? file.name, byteCount: digest.byteCount, sha256: digest.sha256)
      }
      digests = digests.dropFirst(files.count)
      if let kind = Self.otherKind(checkpoint) {
        others += files.map { ($0, kind) }
      } else {
        entries.append(Entry(checkpoint, files, figures, conversions))
      }
    }
    guard !entries.isEmpty else { throw LocatedError(path: path, reason: CardError.noModel) }
    if let document {
      let known = Set(entries.flatMap { $0.files.map(\.sha256) })
      let strange = figures.count { !$0.digests.isSubset(of: known) }
      if strange > 0 {
        messages.append(
          "\(document.path.escapedForDisplay): \(counted(strange, "candidate")) of other files than those in the folder;"
            + " these figures are left out")
      }
    }
    let byName = Dictionary(
      others.map { (Path.name(of: $0.file.name), $0.file.sha256) }, uniquingKeysWith: { one, _ in one })
    self.path = path
    self.entries = entries.map { $0.namingDigest(byName) }.sorted {
      $0.byteCount != $1.byteCount ? $0.byteCount > $1.byteCount : $0.name < $1.name
    }
    self.others = others
    measurement = self.entries.contains { $0.figures != nil } ? document.map { Measurement($0.json) } : nil
    self.messages = messages
  }

  /// The names of the files in the folder and in the folders in it, sorted by bytes.
  private static func names(_ tree: any FileTree) throws -> [String] {
    var names: [String] = []
    for name in try tree.names(in: "") where !name.hasPrefix(".") {
      switch tree.kind(of: name) {
      case .regular: names.append(name)
      case .folder: names += try tree.names(in: name).map { "\(name)/\($0)" }.filter { tree.hasFile($0) }
      default: break
      }
    }
    return names
  }

  private static func comparison(_ path: String?, _ tree: any FileTree) throws -> (path: String, json: JSON)? {
    if path == nil, !tree.hasFile(comparisonName) { return nil }
    let file = try path.map { try InputLocation.openFile($0) } ?? tree.open(comparisonName)
    let json = try JSON(file, limit: documentByteLimit)
    guard json["schema"]?.string == "ingot.compare/1" else {
      throw LocatedError(path: file.path, reason: CardError.notAComparison(schema: json["schema"]?.string))
    }
    return (file.path, json)
  }

  /// The conversion of a receipt; nil for any other document.
  private static func receipt(_ name: String, _ tree: any FileTree) throws -> Conversion? {
    let file = try tree.open(name)
    guard file.byteCount <= documentByteLimit, let json = try? JSON(file, limit: documentByteLimit),
      json["schema"]?.string == "ingot.receipt/1"
    else { return nil }
    return Conversion(json)
  }

  /// The kind of a GGUF that is not a model on its own: `imatrix`, `mmproj`, `adapter`; nil for a model.
  private static func otherKind(_ checkpoint: Checkpoint) -> String? {
    let kind = checkpoint.metadata["general.type"]?.text ?? "model"
    if kind != "model" { return kind }
    return checkpoint.stored.isEmpty ? "vocabulary" : nil
  }
}

extension ModelCard.Entry {
  /// Says that a file type was guessed (`LLAMA_FTYPE_GUESSED`, llama.cpp 0c1e57098).
  private static let guessedFileType = 1024

  fileprivate init(
    _ checkpoint: Checkpoint, _ files: [ModelCard.File], _ figures: [ModelCard.Figures],
    _ conversions: [ModelCard.Conversion]
  ) {
    self.files = files
    let digests = Set(files.map(\.sha256))
    let metadata = checkpoint.metadata
    type = metadata["general.file_type"]?.integer.flatMap {
      Recipe.find("\($0 & ~Self.guessedFileType)")?.recipe.name
    }
    let report = CheckpointReport(checkpoint)
    bitsPerWeight = report.bitsPerWeight
    let total = Double(max(1, report.tensorByteCount))
    formats = report.formats.map { ($0.format.description, Double($0.byteCount) / total) }
      .sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0 < $1.0 }
    self.figures = figures.first { $0.digests == digests }
    conversion = conversions.first { digests.isSubset(of: $0.digests) }
    var imatrix = ModelCard.Imatrix(
      name: metadata["quantize.imatrix.file"]?.text.map { Path.name(of: $0) },
      dataset: metadata["quantize.imatrix.dataset"]?.text.map { Path.name(of: $0) },
      entryCount: metadata["quantize.imatrix.entries_count"]?.integer,
      chunkCount: metadata["quantize.imatrix.chunks_count"]?.integer)
    imatrix.name = imatrix.name ?? conversion?.imatrix?.name
    imatrix.sha256 = conversion?.imatrix?.sha256
    self.imatrix = imatrix == ModelCard.Imatrix() ? nil : imatrix
  }

  private init(_ entry: Self, imatrix: ModelCard.Imatrix) {
    files = entry.files
    type = entry.type
    bitsPerWeight = entry.bitsPerWeight
    formats = entry.formats
    figures = entry.figures
    conversion = entry.conversion
    self.imatrix = imatrix
  }

  /// Returns the entry with the digest of its importance matrix, if no receipt has it but a file of that name is there.
  fileprivate func namingDigest(_ digests: [String: String]) -> Self {
    guard var imatrix, imatrix.sha256 == nil, let digest = imatrix.name.flatMap({ digests[$0] }) else { return self }
    imatrix.sha256 = digest
    return Self(self, imatrix: imatrix)
  }
}

/// What a card cannot be made of.
public enum CardError: IngotError, Equatable {
  case notAFolder
  case noModel
  case notAComparison(schema: String?)

  public var category: ErrorCategory { .input }

  public var description: String {
    switch self {
    case .notAFolder: "is a file, expected the folder of the files to publish"
    case .noModel: "has no GGUF file with a model"
    case .notAComparison(let schema):
      "schema: is \(schema?.quoted ?? "absent"), expected \"ingot.compare/1\" (ingot compare --json writes it)"
    }
  }
}

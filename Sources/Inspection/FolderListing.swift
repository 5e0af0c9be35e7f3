import Architectures
import Bytes
import Formats
import Models
import Tensors

/// The models in a folder and the folders within: model folders, shard sets and single files, one entry each.
public struct FolderListing: Sendable {
  /// A model, or what is there of one.
  public struct Entry: Sendable {
    /// The readable name: a path within the folder, or `organization/name` in a cache of the Hugging Face hub.
    public let name: String
    /// The path of the file or folder.
    public let path: String
    /// The headers; nil if they cannot be read.
    public let report: CheckpointReport?
    /// Why the headers cannot be read, or the download is not complete.
    public let problem: String?
  }

  public let path: String
  /// The models, in the order of their names.
  public let entries: [Entry]

  /// Opens every model in `path` and in folders up to `depth` levels within.
  ///
  /// - Throws: if the folder itself cannot be read. A model that cannot be read is an entry with a problem.
  public init(_ path: String, depth: Int, library: ArchitectureLibrary) throws {
    guard InputLocation.kind(at: path) == .folder else { throw NotAFolder(path: path) }
    self.path = path
    var scan = FolderScan(tree: InputLocation.folder(at: path), library: library)
    // A folder that cannot be listed is an error here, and skipped within.
    _ = try scan.tree.names(in: "")
    let own = Path.name(of: InputLocation.resolved(path))
    scan.visit("", label: HubCache.repository(own) ?? "", depth: depth)
    entries = scan.entries.sorted { $0.name.precedesByNumbers($1.name) }
  }
}

/// A path that should be a folder.
struct NotAFolder: IngotError {
  let path: String
  var category: ErrorCategory { .input }
  var description: String {
    "\(path.escapedForDisplay): "
      + (InputLocation.kind(at: path) == nil ? "no such folder" : "is not a folder (ingot inspect shows a file)")
  }
}

/// The names of a cache of the Hugging Face hub:
///
///     models--ORGANIZATION--NAME/blobs/…            the files by digest; those still downloading end in .incomplete
///     models--ORGANIZATION--NAME/refs/main          the digest of the revision
///     models--ORGANIZATION--NAME/snapshots/REVISION/…  links to blobs, by their names
enum HubCache {
  private static let prefix = "models--"

  /// The repository that a folder of the cache contains: `organization/name`; nil for any other folder.
  static func repository(_ folder: String) -> String? {
    guard folder.hasPrefix(prefix), folder.utf8.count > prefix.utf8.count else { return nil }
    return String(folder.dropFirst(prefix.count)).replacing("--", with: "/")
  }

  /// The name of a revision, short, or empty for the one that `refs/main` names.
  static func suffix(ofRevision revision: String, in folder: String, _ tree: any FileTree) -> String {
    let main = try? tree.open(Path.join(folder, "refs/main")).wholeContent(limit: 256)
    let text = main.map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.split(whereSeparator: \.isWhitespace).first.map(String.init) == revision
      ? "" : "@\(revision.prefix(8))"
  }
}

/// The walk through folders.
private struct FolderScan {
  let tree: any FileTree
  let library: ArchitectureLibrary
  var entries: [FolderListing.Entry] = []

  /// Endings of files that a download has not finished.
  private static let partialEndings = [".incomplete", ".part", ".partial", ".crdownload", ".aria2", ".download"]
  /// Where huggingface_hub puts unfinished files of a download into a folder.
  private static let downloadFolder = ".cache/huggingface/download"
  /// Files beside weights that make a folder a model.
  private static let configurations = ["config.json", "params.json", "mlc-chat-config.json"]

  /// Adds what `folder` contains; `label` is its readable name.
  mutating func visit(_ folder: String, label: String, depth: Int) {
    guard let names = try? tree.names(in: folder) else { return }
    if names.contains("snapshots"), names.contains("blobs") {
      return visitRepository(folder, label: label, depth: depth)
    }
    addPartial(names, label: label, folder)
    let unfinished = Path.join(folder, Self.downloadFolder)
    if names.contains(".cache"), let names = try? tree.names(in: unfinished) {
      addPartial(names, label: label, unfinished)
    }
    let files = names.filter { !$0.hasPrefix(".") && tree.kind(of: Path.join(folder, $0)) == .regular }
    addModels(files, in: folder, label: label)
    guard depth > 0 else { return }
    for name in names where !name.hasPrefix(".") && tree.kind(of: Path.join(folder, name)) == .folder {
      visit(Path.join(folder, name), label: HubCache.repository(name) ?? join(label, name), depth: depth - 1)
    }
  }

  /// A repository of the hub's cache: each snapshot, under the name of the repository.
  private mutating func visitRepository(_ folder: String, label: String, depth: Int) {
    let blobs = Path.join(folder, "blobs")
    addPartial((try? tree.names(in: blobs)) ?? [], label: label, blobs)
    let snapshots = Path.join(folder, "snapshots")
    for revision in (try? tree.names(in: snapshots)) ?? [] {
      let suffix = HubCache.suffix(ofRevision: revision, in: folder, tree)
      visit(Path.join(snapshots, revision), label: label + suffix, depth: max(0, depth - 1))
    }
  }

  private mutating func addPartial(_ names: [String], label: String, _ folder: String) {
    for name in names where Self.partialEndings.contains(where: { Path.hasEnding(name, $0) }) {
      entries.append(
        FolderListing.Entry(
          name: join(label, name), path: tree.path(of: Path.join(folder, name)), report: nil,
          problem: "is an unfinished download"))
    }
  }

  /// Adds each GGUF or set of GGUF shards, and the folder as a model if it has other weights.
  private mutating func addModels(_ files: [String], in folder: String, label: String) {
    for name in Self.firstOfSets(files.filter { Path.hasEnding(Compression.unpackedName($0), ".gguf") }) {
      add(Path.join(folder, name), label: join(label, ShardName(name)?.stem ?? name))
    }
    let others = files.filter(Self.isWeights)
    guard !others.isEmpty else { return }
    let isModel = files.contains { Self.configurations.contains($0) || $0.hasSuffix(".index.json") }
    let sets = Self.firstOfSets(others)
    if isModel || sets.count == 1 {
      // A single file without a configuration is named itself.
      isModel
        ? add(folder, label: label.isEmpty ? "." : label)
        : add(Path.join(folder, sets[0]), label: join(label, ShardName(sets[0])?.stem ?? sets[0]))
    } else {
      for name in sets { add(Path.join(folder, name), label: join(label, ShardName(name)?.stem ?? name)) }
    }
  }

  private static func isWeights(_ name: String) -> Bool {
    let name = Compression.unpackedName(name)
    return [".safetensors", ".npz", ".pth"].contains { Path.hasEnding(name, $0) }
      || name.hasPrefix("pytorch_model") && Path.hasEnding(name, ".bin") || name == "ndarray-cache.json"
  }

  /// One name for each single file and each set of shards: the first that is there.
  private static func firstOfSets(_ names: [String]) -> [String] {
    var seen: Set<ExactString> = []
    return names.filter { name in
      guard let shard = ShardName(name) else { return true }
      return seen.insert(ExactString("\(shard.stem)-of-\(shard.count)\(shard.suffix)")).inserted
    }
  }

  private mutating func add(_ name: String, label: String) {
    let path = tree.path(of: name)
    do {
      let isFile = tree.kind(of: name) == .regular
      let location =
        isFile
        ? InputLocation(folder: InputLocation.folder(at: Path.folder(of: path)), file: try tree.open(name))
        : try InputLocation(name.isEmpty ? tree.path : path)
      let report = try CheckpointReport(location, library: library)
      entries.append(FolderListing.Entry(name: label, path: path, report: report, problem: nil))
    } catch {
      entries.append(FolderListing.Entry(name: label, path: path, report: nil, problem: Self.reason(error, path)))
    }
  }

  /// The first problem of an error, without the path, which the entry has.
  private static func reason(_ error: any Error, _ path: String) -> String {
    let first = (error as? any IngotError)?.constituents.first?.description ?? "\(error)"
    let prefix = path.escapedForDisplay + ": "
    return first.hasPrefix(prefix) ? String(first.dropFirst(prefix.count)) : first
  }

  private func join(_ label: String, _ name: String) -> String { label.isEmpty ? name : Path.join(label, name) }
}

extension FolderListing {
  /// The name and version of the layout of `json`.
  public static let schema = "ingot.ls/1"

  /// The listing as documented in `docs/json.md`.
  public var json: JSON {
    .members([
      "schema": .string(Self.schema), "path": .string(path), "models": .array(entries.map(\.json)),
    ])
  }
}

extension FolderListing.Entry {
  fileprivate var json: JSON {
    var members: JSON.Object = ["name": .string(name), "path": .string(path)]
    if let problem { members["problem"] = .string(problem) }
    guard let report else { return .object(members) }
    members["container"] = .string(report.checkpoint.container.rawValue)
    members["architecture"] = report.architectureName.map { .string($0) } ?? .null
    members["parameters"] = .integer(report.elementCount)
    members["type"] = report.typeWords.map { .string($0) } ?? .null
    members["bytes"] = .integer(report.fileByteCount)
    members["bits_per_weight"] = report.bitsPerWeight.map { .real($0) } ?? .null
    members["formats"] = .array(report.formats.map(\.json))
    members["context_length"] = report.summary?.contextLength.map { .integer($0) } ?? .null
    return .object(members)
  }
}

extension CheckpointReport {
  /// The architecture by the name of its definition, or as the metadata states it; nil if unknown.
  public var architectureName: String? {
    switch recognition {
    case .model(let model): model.definition.name
    case .other(_, let architecture): architecture
    case .unknown, nil: checkpoint.metadata["general.architecture"]?.text
    }
  }

  /// The recipe that a GGUF states, or the storage format that most elements have; nil without tensors.
  public var typeWords: String? {
    if case .other(let form, _) = recognition { return form.words }
    if let recipe = checkpoint.metadata.words("general.file_type") { return recipe }
    if let encoding = encodings.first?.description { return encoding }
    return formats.first?.format.description
  }
}

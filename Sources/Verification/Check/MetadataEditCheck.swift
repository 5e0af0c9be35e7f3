import Architectures
import Bytes
import Formats
import Models
import Tensors

/// The problems that an edit of metadata makes.
public enum MetadataEditCheck {
  /// Returns the findings of `check` that the file at `path` has with its new metadata and not with its old.
  ///
  /// Only what depends on the changed keys is checked, and no tensor data is read.
  public static func newFindings(
    _ path: String, from old: Metadata, to new: Metadata, library: ArchitectureLibrary
  ) throws -> [Finding] {
    let changed = Set(old.pairs.keys).union(new.pairs.keys).filter { old.pairs[$0] != new.pairs[$0] }
    let architectures = [old, new].compactMap { $0["general.architecture"]?.text }
    let parts = changed.reduce(into: HeaderCheck.Parts()) { $0.formUnion(self.parts($1.text, architectures)) }
    let location = try InputLocation(path)
    // A file that is not a checkpoint on its own, such as one shard of several, is edited unchecked.
    guard !parts.isEmpty, let checkpoint = try? Checkpoint.open(location),
      let before = try? DiffSide.headers(of: checkpoint, at: location, library: library)
    else { return [] }
    var edited = checkpoint.metadata
    for key in changed { edited.pairs[key] = new.pairs[key] }
    let known = Set(HeaderCheck(before, parts).findings)
    do {
      let after = try DiffSide.headers(of: checkpoint.replacing(metadata: edited), at: location, library: library)
      return HeaderCheck(after, parts).findings.filter { !known.contains($0) }
    } catch let error as any IngotError {
      return [Finding(.error, "architecture", .architecture, error.description)]
    }
  }

  /// What depends on a key.
  private static func parts(_ key: String, _ architectures: [String]) -> HeaderCheck.Parts {
    switch key {
    case "general.architecture": .all
    case "general.file_type", "format": .container
    case _ where key.hasPrefix("tokenizer.chat_template"): .chatTemplates
    case _ where key.hasPrefix("tokenizer."): .vocabulary
    case _ where architectures.contains { key.hasPrefix($0 + ".") }: .model
    default: []
    }
  }
}

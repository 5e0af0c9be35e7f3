import Architectures
import Bytes
import Evaluation
import Models

/// The digest of everything that the logits of a model follow from: its files, their interpretation, the tokens and the
/// program's version.
struct LogitCacheKey: Hashable {
  /// 64 hexadecimal digits.
  let sha256: String

  /// - Parameter settings: what the user states about the model, such as another architecture.
  init(_ model: Model, files: [ModelFile], tokens: TokenChunks, settings: [String], threads: Int) throws {
    var lines = ["\(ToolInfo.name) \(ToolInfo.version)", model.definition.name, model.scheme.name] + settings
    lines += files.map { "\($0.sha256) \($0.byteCount)" }
    // Configuration files also say how stored tensors are decoded.
    if let folder = model.folder {
      let names = try folder.tree.names(in: "").filter { Path.hasEnding($0, ".json") && folder.tree.hasFile($0) }
      let side = try names.map { name throws(FileError) in try folder.tree.open(name) }
      lines += zip(names, try FileDigest.entries(of: side, threads: threads)).map { "\($0) \($1.sha256)" }
    }
    lines += model.hyperparameters.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    lines += model.appliedTransforms.findings.map { "\($0.transform.rawValue)=\($0.isApplied)" }
    lines.append("\(tokens.positions) from \(tokens.firstScoredPosition)")
    lines += tokens.chunks.map { $0.map(String.init).joined(separator: ",") }
    sha256 = FileDigest.sha256(Array(lines.joined(separator: "\n").utf8))
  }
}

/// A file with weights of a model, as it is stored.
public struct ModelFile: Sendable, Hashable {
  public let name: String
  public let byteCount: Int
  /// 64 hexadecimal digits.
  public let sha256: String

  var json: JSON {
    .members(["name": .string(name), "bytes": .integer(byteCount), "sha256": .string(sha256)])
  }

  /// The files of a model's weights, in order, with those of its adapters.
  static func all(_ model: Model, threads: Int) throws -> [ModelFile] {
    let files = model.checkpoint.storedFiles
    return zip(files, try FileDigest.entries(of: files, threads: threads)).map { file, entry in
      ModelFile(name: file.stored.name, byteCount: entry.byteCount, sha256: entry.sha256)
    }
  }
}

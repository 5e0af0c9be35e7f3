import HTTP
import Synchronization

/// A folder on a web server, which says of a name only whether it is there.
///
/// Its list has the names that files of models usually have, as far as they are there, and those that were opened.
final class WebFolder: FileTree {
  let path: String
  /// The answers so far.
  private let asked = Mutex<[String: Result<any ByteSource, FileError>]>([:])

  /// The folder with the address `path`, without a slash at the end.
  init(_ path: String) { self.path = path }

  /// Names of configuration, vocabulary, templates and weights, as transformers, sentence-transformers and mistral-common
  /// write them. Shards are named by their index.
  private static let usualNames = [
    "added_tokens.json", "chat_template.jinja", "chat_template.json", "config.json", "generation_config.json",
    "merges.txt", "model.safetensors", "model.safetensors.index.json", "modules.json", "params.json",
    "preprocessor_config.json", "processor_config.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
    "quantize_config.json", "special_tokens_map.json", "tekken.json", "tiktoken.model", "tokenizer.json",
    "tokenizer.model", "tokenizer_config.json", "vocab.json", "vocab.txt",
  ]

  /// Asks for several names at a time: the answers take longer on the way than at the server.
  private static let requestCount = 8

  func names(in folder: String) throws(FileError) -> [String] {
    guard folder.isEmpty else { return [] }
    try? Parallel.forEach(Self.usualNames.count, threads: Self.requestCount) { _ = result(of: Self.usualNames[$0]) }
    var names: [ExactString] = []
    for (name, result) in asked.withLock({ $0 }) {
      switch result {
      case .success: names.append(ExactString(name))
      // A list without what could not be asked for would be wrong.
      case .failure(let error): guard Self.saysAbsent(error) else { throw error }
      }
    }
    return names.sorted().map(\.text)
  }

  /// What the server does not answer for counts as there, so that its error is said when it is opened.
  func kind(of name: String) -> FileKind? {
    if case .failure(let error) = result(of: name), Self.saysAbsent(error) { nil } else { .regular }
  }

  /// Whether an error means that nothing is there; stores say "forbidden" of what they do not have.
  private static func saysAbsent(_ error: FileError) -> Bool {
    guard case .remote(_, .http(.status(let status, _))) = error else { return false }
    return [403, 404, 410].contains(status)
  }

  func open(_ name: String) throws(FileError) -> any ByteSource { try result(of: name).get() }

  private func result(of name: String) -> Result<any ByteSource, FileError> {
    if let known = asked.withLock({ $0[name] }) { return known }
    let result = Result { () throws(FileError) -> any ByteSource in
      try RemoteFile(path(of: name), address: Path.join(path, name.percentEncoded()))
    }
    asked.withLock { $0[name] = result }
    return result
  }
}

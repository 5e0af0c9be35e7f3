import Bytes

extension ConversionRequest {
  /// The target, from the name of the destination if none is stated.
  public var resolvedTarget: Target {
    target ?? (partition == nil ? OutputEnding(destination)?.target : nil) ?? .folder
  }

  /// Throws if the name of the destination is not one of what is written.
  func requireFittingName() throws {
    try AtomicFile.requireName(destination)
    guard let ending = OutputEnding(destination), !OutputFolder(destination).exists else { return }
    if partition != nil { throw OutputNameError.needsFolder(path: destination, ending: ending.text) }
    switch (ending, target) {
    case (.gguf, .gguf), (.gguf, nil), (.safeTensors, .safeTensors), (.safeTensors, nil): return
    case (.other, .gguf), (.other, .safeTensors): return
    case (.other(let text, _), nil) where Self.pyTorchEndings.contains(text):
      throw OutputNameError.pyTorch(path: destination, ending: text)
    case (.other(let text, let near), nil), (.other(let text, let near), .folder):
      throw OutputNameError.unknownEnding(path: destination, ending: text, nearest: near)
    case (.gguf, .safeTensors), (.gguf, .folder):
      throw OutputNameError.otherEnding(path: destination, ending: ".gguf", container: "safetensors")
    case (.safeTensors, .gguf):
      throw OutputNameError.otherEnding(path: destination, ending: ".safetensors", container: "a GGUF")
    case (.safeTensors, .folder):
      throw OutputNameError.unknownEnding(path: destination, ending: ".safetensors", nearest: nil)
    }
  }
}

extension ConversionRequest {
  /// Endings of PyTorch's files.
  fileprivate static let pyTorchEndings: Set<String> = [".bin", ".ckpt", ".pt", ".pth"]

  /// Why models are not written as PyTorch's files, and which are.
  public static let reasonAgainstPyTorch =
    "safetensors has the same tensors, opens faster and cannot run code (--naming meta --shards and --naming megatron write "
    + "the files of those programs)"
}

extension ConversionRequest.Target {
  /// What is written as safetensors under `path`: a file if the name has an ending of files, otherwise a model folder.
  public static func safeTensors(at path: String) -> Self {
    OutputEnding(path) == nil || OutputFolder(path).exists ? .folder : .safeTensors
  }
}

/// The ending of an output's name, if it is one of files. Other names, such as `Llama-3.1-8B`, are those of folders.
///
/// `.zst` after one of files that are written says that the file is compressed.
private enum OutputEnding {
  case gguf
  case safeTensors
  /// A kind of file that is not written, or a misspelled ending with the one that was meant.
  case other(String, nearest: String?)

  /// Endings of other programs' files.
  private static let others: Set<String> = [
    "bin", "ckpt", "dat", "ggjt", "ggml", "gz", "h5", "hdf5", "html", "json", "keras", "llamafile", "msgpack", "npy",
    "npz", "nemo", "onnx", "pb", "pickle", "pkl", "pt", "pt2", "pth", "tar", "tflite", "tgz", "txt", "yaml", "zip",
    "zst",
  ]
  private static let written = ["gguf", "safetensors"]

  init?(_ path: String) {
    guard !path.hasSuffix("/") else { return nil }
    let whole = Path.name(of: path)
    let unpacked = Compression.ending(whole) == .zstd ? Compression.unpackedName(whole) : whole
    let name = Self.written.contains { Path.hasEnding(unpacked, "." + $0) } ? unpacked : whole
    guard let point = name.lastIndex(of: ".") else { return nil }
    let text = name[name.index(after: point)...].lowercased()
    switch text {
    case "gguf": self = .gguf
    case "safetensors": self = .safeTensors
    default:
      let nearest = text.nearest(among: Self.written)
      guard Self.others.contains(text) || nearest != nil else { return nil }
      self = .other("." + text, nearest: nearest.map { "." + $0 })
    }
  }

  var text: String {
    switch self {
    case .gguf: ".gguf"
    case .safeTensors: ".safetensors"
    case .other(let text, _): text
    }
  }

  var target: ConversionRequest.Target? {
    switch self {
    case .gguf: .gguf
    case .safeTensors: .safeTensors
    case .other: nil
    }
  }
}

/// A name that does not say what is written, or says something else.
enum OutputNameError: IngotError, Equatable {
  case unknownEnding(path: String, ending: String, nearest: String?)
  case otherEnding(path: String, ending: String, container: String)
  case pyTorch(path: String, ending: String)
  case needsFolder(path: String, ending: String)

  var category: ErrorCategory { .usage }

  var description: String {
    switch self {
    case .unknownEnding(let path, let ending, let nearest):
      "\(path.escapedForDisplay): \(ending.quoted) names no container, expected .gguf or .safetensors "
        + "(\(nearest.map { "did you mean \($0)? " } ?? "")--to states the container, a slash at the end means a folder)"
    case .otherEnding(let path, let ending, let container):
      "\(path.escapedForDisplay): ends with \(ending), but the output is \(container) (choose another name)"
    case .pyTorch(let path, let ending):
      "\(path.escapedForDisplay): \(ending) is a file of PyTorch, which is not written: \(ConversionRequest.reasonAgainstPyTorch)"
    case .needsFolder(let path, let ending):
      "\(path.escapedForDisplay): ends with \(ending), but ranks are written into a folder (choose another name)"
    }
  }
}

import Foundation
import Testing

/// The drawing of the targets: what each may import besides the system, lowest layer first.
private let drawing: [(target: String, imports: Set<String>)] = [
  ("CCurl", []),
  ("CVectors", []),
  ("HTTP", ["CCurl", "Synchronization"]),
  ("CZlib", []),
  ("CZstd", []),
  ("Bytes", ["CZlib", "CZstd", "HTTP", "SystemPackage", "OrderedCollections", "Dispatch", "Synchronization"]),
  ("Tensors", ["Bytes", "OrderedCollections"]),
  ("Formats", ["Bytes", "Tensors"]),
  ("Quantization", ["CVectors", "Bytes", "Tensors"]),
  ("Encodings", ["Bytes", "Tensors"]),
  ("Tokenization", ["Bytes", "Tensors", "Crypto"]),
  ("Architectures", ["Bytes", "Tensors", "Tokenization"]),
  (
    "Models",
    ["Bytes", "Tensors", "Formats", "Quantization", "Encodings", "Tokenization", "Architectures", "Crypto"]
  ),
  ("Inference", ["Bytes", "Tensors", "Architectures"]),
  ("Conversion", ["Bytes", "Tensors", "Formats", "Quantization", "Tokenization", "Architectures", "Models"]),
  (
    "Inspection",
    ["Bytes", "Tensors", "Formats", "Quantization", "Encodings", "Tokenization", "Architectures", "Models"]
  ),
  ("Evaluation", ["Bytes", "Tensors", "Formats", "Tokenization", "Architectures", "Models", "Inference"]),
  (
    "Verification",
    [
      "Bytes", "Tensors", "Formats", "Quantization", "Tokenization", "Architectures", "Models", "Inference",
      "Evaluation",
    ]
  ),
  (
    "Certification",
    [
      "Bytes", "Tensors", "Formats", "Quantization", "Architectures", "Models", "Conversion", "Evaluation",
      "Verification",
    ]
  ),
  (
    "Ingot",
    [
      "Bytes", "Tensors", "Formats", "Quantization", "Encodings", "Tokenization", "Architectures", "Models",
      "Inference",
      "Conversion", "Inspection", "Evaluation", "Verification", "Certification",
    ]
  ),
  ("CommandLineTool", ["Ingot", "ArgumentParser", "SystemPackage"]),
]

/// The system's libraries, which only these targets may call directly.
///
/// `Architectures` and `Inference` call its elementary functions (sine, cosine, power, logarithm) and nothing else.
private let systemLibraries: Set<String> = ["Glibc", "Musl", "Darwin"]
private let targetsThatCallTheSystem: Set<String> = ["Bytes", "HTTP", "CommandLineTool", "Architectures", "Inference"]
/// The language and its data structures; any target may use them.
private let languageModules: Set<String> = ["Swift", "Synchronization", "OrderedCollections"]

@Suite("The project's drawing")
struct ImportDirectionTests {
  @Test("has every folder of Sources")
  func drawingIsComplete() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Project.path("Sources"))
    #expect(folders.sorted() == drawing.map(\.target).sorted())
  }

  @Test("allows every import", arguments: drawing.map(\.target))
  func importsPointDown(target: String) throws {
    let allowed = try #require(drawing.first { $0.target == target }).imports
    for file in try Project.swiftFiles(under: "Sources/\(target)") {
      for module in try Project.imports(of: file) {
        if languageModules.contains(module) { continue }
        if systemLibraries.contains(module), targetsThatCallTheSystem.contains(target) { continue }
        #expect(allowed.contains(module), "\(file) imports \(module)")
      }
    }
  }

  @Test("keeps raw pointers inside Bytes and HTTP")
  func rawPointersStayBelow() throws {
    let pointer = /\bUnsafe(Mutable)?(Raw)?(Buffer)?Pointer\b|\bwithUnsafe\w*|\bOpaquePointer\b|\.baseAddress\b/
    for file in try Project.swiftFiles(under: "Sources")
    where !file.hasPrefix("Sources/Bytes/") && !file.hasPrefix("Sources/HTTP/") {
      let text = try Project.text(of: file)
      #expect(text.firstMatch(of: pointer.wordBoundaryKind(.simple)) == nil, "\(file) handles raw memory")
    }
  }

  @Test("has no source file that wants to be two")
  func filesAreShort() throws {
    for file in try Project.swiftFiles(under: "Sources") {
      let lineCount = try Project.text(of: file).split(separator: "\n", omittingEmptySubsequences: false).count
      #expect(lineCount <= 400, "\(file) has \(lineCount) lines")
    }
  }
}

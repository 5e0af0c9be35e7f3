// swift-tools-version: 6.2
import PackageDescription

/// Settings every target shares; `Lifetimes` lets `Bytes` and `Tensors` hand out borrowed spans safely.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableExperimentalFeature("Lifetimes"),
]

/// `make test` sets INGOT_OPTIMIZE: the targets that its minutes go to are optimized, with every check of bounds and overflow.
let optimized: Set<String> =
  Context.environment["INGOT_OPTIMIZE"] == nil
  ? []
  : [
    "Bytes", "Tensors", "Formats", "Encodings", "Quantization", "Inference", "Models", "Architectures", "Tokenization",
    "TestSupport",
  ]

func optimization(_ target: String) -> [SwiftSetting] {
  optimized.contains(target) ? [.unsafeFlags(["-O"], .when(configuration: .debug))] : []
}

func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], resources: [Resource]? = nil,
  plugins: [Target.PluginUsage]? = nil
) -> Target {
  .target(
    name: name, dependencies: dependencies, exclude: exclude, resources: resources,
    swiftSettings: settings + optimization(name), plugins: plugins)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: name + "Tests",
    dependencies: [.byName(name: name), "TestSupport"] + dependencies,
    swiftSettings: settings
  )
}

let package = Package(
  name: "ingot",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "ingot", targets: ["CommandLineTool"]),
    .library(name: "Ingot", targets: ["Ingot"]),
    // For the package in Fuzz alone.
    .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
  ],
  targets: [
    // Layers, lowest first; imports point down only (see docs/architecture.md and ImportDirectionTests).
    .systemLibrary(name: "CCurl"),
    .systemLibrary(name: "CVectors"),
    library("HTTP", ["CCurl"]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    library(
      "Bytes",
      [
        "CZlib", "CZstd", "HTTP",
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "OrderedCollections", package: "swift-collections"),
      ]),
    library("Tensors", ["Bytes", .product(name: "OrderedCollections", package: "swift-collections")]),

    library("Formats", ["Tensors", "Bytes"]),
    library("Quantization", ["CVectors", "Tensors", "Bytes"]),
    library("Encodings", ["Tensors", "Bytes"]),
    library("Tokenization", ["Tensors", "Bytes", .product(name: "Crypto", package: "swift-crypto")]),
    library(
      "Architectures", ["Tokenization", "Tensors", "Bytes"], exclude: ["Definitions"], plugins: ["EmbedDefinitions"]),
    .plugin(name: "EmbedDefinitions", capability: .buildTool, dependencies: ["EmbedDefinitionsTool"]),
    .executableTarget(name: "EmbedDefinitionsTool", path: "Plugins/EmbedDefinitionsTool"),

    library(
      "Models",
      [
        "Architectures", "Formats", "Quantization", "Encodings", "Tokenization", "Tensors", "Bytes",
        .product(name: "Crypto", package: "swift-crypto"),
      ]),

    library("Inference", ["Architectures", "Tensors", "Bytes"]),
    library("Conversion", ["Models", "Architectures", "Formats", "Quantization", "Tokenization", "Tensors", "Bytes"]),
    library(
      "Inspection",
      ["Models", "Architectures", "Formats", "Quantization", "Encodings", "Tokenization", "Tensors", "Bytes"]),
    library(
      "Evaluation", ["Inference", "Models", "Architectures", "Formats", "Tokenization", "Tensors", "Bytes"],
      resources: [.embedInCode("Text/default-text.txt")]),
    library(
      "Verification",
      [
        "Evaluation", "Inference", "Models", "Architectures", "Formats", "Quantization", "Tokenization", "Tensors",
        "Bytes",
      ]),
    library(
      "Certification",
      [
        "Conversion", "Verification", "Evaluation", "Models", "Architectures", "Formats", "Quantization", "Tensors",
        "Bytes",
      ]),

    library(
      "Ingot",
      [
        "Certification", "Conversion", "Inspection", "Verification", "Evaluation", "Inference", "Models",
        "Architectures", "Formats", "Quantization", "Encodings",
        "Tokenization", "Tensors", "Bytes",
      ]),
    .executableTarget(
      name: "CommandLineTool",
      dependencies: [
        "Ingot",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),

    .target(
      name: "TestSupport", dependencies: ["Bytes", "Tensors", "Formats"], path: "Tests/TestSupport",
      swiftSettings: settings + optimization("TestSupport")),
    .target(
      name: "FuzzTargets", dependencies: ["Ingot", "HTTP", "TestSupport"], path: "Fuzz/Targets",
      swiftSettings: settings + optimization("FuzzTargets")),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets", "TestSupport"], swiftSettings: settings),
    tests("Bytes", ["HTTP"]),
    tests("Tensors"),
    tests("Formats"),
    tests("Quantization", ["Formats"]),
    tests("Encodings", ["Formats", "Quantization"]),
    tests("Tokenization", ["Architectures", "Formats"]),
    tests("Architectures"),
    tests("Models", ["Architectures", "Formats", "Quantization"]),
    tests("Conversion", ["Models", "Architectures", "Formats", "Quantization"]),
    tests("Inference", ["Architectures", "Formats", "Models", "Quantization"]),
    tests("Ingot"),
    tests("Inspection", ["Formats"]),
    tests("Evaluation", ["Inference", "Models", "Formats", "Tokenization"]),
    tests(
      "Verification",
      ["Evaluation", "Inference", "Models", "Architectures", "Formats", "Quantization", "Tokenization"]),
    tests("Certification", ["Conversion", "Models", "Architectures", "Verification", "Evaluation"]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: ["CommandLineTool", "TestSupport", "Architectures", "Models", "Formats", "Bytes", "Tensors"],
      exclude: ["Snapshots"], swiftSettings: settings),
    .testTarget(name: "ProjectTests", swiftSettings: settings),
  ]
)

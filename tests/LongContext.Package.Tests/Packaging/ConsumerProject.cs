using LongContext.Package.Tests.Support;

namespace LongContext.Package.Tests.Packaging;

/// <summary>A console project outside the repository that references the packages as a user's would.</summary>
internal static class ConsumerProject
{
    public static void Write(string folder, PackedPackages packages)
    {
        string torchSharp = typeof(TorchSharp.torch).Assembly.GetName().Version!.ToString(3);
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <packageSources>
                <add key="longcontext-test-feed" value="{packages.Feed}" />
              </packageSources>
            </configuration>
            """);

        // Hard links only spare the disk: libtorch is there for three systems.
        File.WriteAllText(Path.Combine(folder, "Consumer.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible>
                <CreateHardLinksForPublishFilesIfPossible>true</CreateHardLinksForPublishFilesIfPossible>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="LongContext" Version="{packages.Version}" />
                <PackageReference Include="TorchSharp-cpu" Version="{torchSharp}" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), """
            using LongContext.Checkpoints;
            using LongContext.Generation;
            using LongContext.Models;
            using LongContext.Packing;
            using LongContext.Positions;
            using LongContext.Tokenization;
            using TorchSharp;

            HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.CreateWordLevel(["?", "hello", "world"], "?", null, null);
            PackedBatch batch = new SequencePacker(new SequencePackerOptions { ContextLength = 8 })
                .Pack([new TokenSequence(tokenizer.Encode("hello world")), new TokenSequence(tokenizer.Encode("hello there world"))])
                .Single();
            Console.WriteLine($"pack: {string.Join(' ', batch.InputIds.ToArray())}");

            var rope = new RopeParameters { Theta = 10_000, HeadDimension = 4, MaxPositionEmbeddings = 256 };
            RopeFrequencies frequencies = RopeScaling.Linear(8).ComputeFrequencies(rope, 2048);
            Console.WriteLine(FormattableString.Invariant($"rope: {frequencies.InverseFrequencies[0]}"));

            using torch.Tensor sum = torch.ones(2, 3).sum();
            Console.WriteLine($"torch: {sum.item<float>()}");

            string folder = args[0];
            using SafetensorsFile golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
            int[] prompt = Array.ConvertAll(golden.ReadArray<long>("generate.prompt"), id => (int)id);
            int[] expected = Array.ConvertAll(golden.ReadArray<long>("generate.output"), id => (int)id);
            using CausalLanguageModel model = CausalLanguageModel.Load(folder);
            var options = new GenerationOptions { MaximumNewTokens = expected.Length - prompt.Length, StopTokenIds = [] };
            int[] generated = new TextGenerator(model).Generate(prompt, options);
            Console.WriteLine($"greedy: {expected.AsSpan().EndsWith(generated) && generated.Length >= options.MaximumNewTokens}");
            """);
    }

    /// <summary>What the program prints on a model folder of the fixtures.</summary>
    public static readonly string[] Expected = ["pack: 1 0 2 1 2", "rope: 0.125", "torch: 6", "greedy: True"];

    public static string FixtureModel => Path.Combine(Repository.Root, "tests", "Fixtures", "hf", "models", "llama-default");
}

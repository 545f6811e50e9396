using LongContext.Checkpoints;
using LongContext.Export;
using LongContext.Generation;
using LongContext.Gguf;
using LongContext.Models;
using LongContext.Positions;
using LongContext.TestSupport;
using LongContext.Tests.Models;

namespace LongContext.Tests.Export;

/// <summary>llama.cpp gives the numbers of transformers for the fixture models: logits, and greedy continuations to the token.</summary>
[Trait("Category", "Slow"), Trait(FixtureTraits.Name, FixtureTraits.Models)]
public sealed class LlamaCppFixtureTests
{
    /// <summary>The fixtures' tolerance for logits, and llama.cpp's GELU, a table in half precision.</summary>
    private const double Tolerance = 1e-5, ToleranceOfGelu = 1e-3;

    /// <summary>The window llama.cpp opens a file with is a multiple of this.</summary>
    private const int Context = 256;

    public static IEnumerable<TheoryDataRow<string>> Models() => SlowTests.AreAsked ? FixtureModels.All() : FixtureModels.All().Take(1);

    [Theory, MemberData(nameof(Models))]
    public void Export_FixtureModel_GivesTheGoldenNumbers(string name)
    {
        LlamaCpp.SkipUnlessThere();
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = FixtureModels.Load(name);
        var options = new GgufExportOptions
        {
            TokenizerFolder = ByteTokenizer.Write(folder["tokenizer"], model.Config.VocabularySize),
            ElementType = GgufTensorType.Float32,
            Name = "fixture",
            AllowFullAttention = true,
        };
        try
        {
            GgufExporter.Export(model, folder["model.gguf"], options);
        }
        catch (NotSupportedException e)
        {
            Assert.Skip(e.Message);
        }

        using SafetensorsFile golden = FixtureModels.Golden(name);
        (LlamaCppPrompt Prompt, int[] Expected)[] prompts = [.. Prompts(model, golden)];
        string[] sequences = model.Config.RopeScaling is LongRopeScaling ? ["long"] : ["short", "long"];
        LlamaCppResult result = LlamaCpp.Run(new LlamaCppJob(folder["model.gguf"])
        {
            ContextSize = Context,
            VocabularySize = model.Config.VocabularySize,
            Prompts = [.. prompts.Select(pair => pair.Prompt)],
            Sequences = [.. sequences.Select(sequence => FixtureModels.Ids(golden, sequence + ".input_ids"))],
        })[0];
        Assert.True(result.Error is null, $"{result.Error} {string.Join(" | ", result.Messages)}");

        Assert.All(prompts.Zip(result.Prompts), pair => Assert.Equal(pair.First.Expected, pair.Second));
        bool hasGelu = model.Config.ModelType.StartsWith("gemma", StringComparison.Ordinal);
        for (int i = 0; i < sequences.Length; i++)
        {
            double[] logits = [.. golden.ReadArray<float>(sequences[i] + ".logits").Select(value => (double)value)];
            double[][] rows = result.Sequences[i];
            double[][] expected = Distributions.FromLogits(logits[..(rows.Length * model.Config.VocabularySize)], model.Config.VocabularySize);
            double distance = Distributions.Distance(expected, rows, IgnoredWindow(model) ?? int.MaxValue);
            Assert.True(distance <= (hasGelu ? ToleranceOfGelu : Tolerance), $"{sequences[i]}: distance {distance:E2}");
        }
    }

    /// <summary>The golden continuations that llama.cpp can give.</summary>
    private static IEnumerable<(LlamaCppPrompt Prompt, int[] Expected)> Prompts(CausalLanguageModel model, SafetensorsFile golden)
    {
        if (IgnoredWindow(model) is not null) yield break; // they all reach past the window
        foreach (string case_ in new[] { "generate", "generate_long" })
        {
            int[] output = FixtureModels.Ids(golden, case_ + ".output");
            int start = FixtureModels.Ids(golden, case_ + ".prompt").Length;
            if (model.CacheEndsAt is { } end && end < output.Length)
            {
                // Past the original window transformers generates on without the text before (see GenerationOptions): this library's own
                // continuation. llama.cpp takes longrope's long divisors from the first token on, so it begins where they hold.
                if (model.Config.RopeScaling is LongRopeScaling) start = Math.Max(start, end + 1);
                var greedy = new GenerationOptions { MaximumNewTokens = output.Length - start, StopTokenIds = [] };
                yield return (new LlamaCppPrompt(output[..start], output.Length - start), new TextGenerator(model).Generate(output.AsSpan(0, start), greedy));
                continue;
            }

            if (model.Config.RopeScaling is LongRopeScaling) continue;
            yield return (new LlamaCppPrompt(output[..start], output.Length - start), output[start..]);
        }
    }

    /// <summary>The window that llama.cpp does not have for the family; null where there is none.</summary>
    private static int? IgnoredWindow(CausalLanguageModel model) =>
        GgufArchitecture.Of(model.Config).WindowPeriod is null && model.Shape.Layers.Min(layer => layer.SlidingWindow) is { } window and < Context ? window : null;
}

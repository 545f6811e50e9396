using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Models;
using LongContext.TestSupport;

namespace LongContext.Tests.Generation.Running;

/// <summary>What dropping costs a pretrained model (shared/models/README.md), whose window is 128 tokens: perplexity over eight windows of held-out text.</summary>
public sealed class RealDroppingTests
{
    private const int Windows = 8, Stride = 1024;

    private static readonly Lazy<int[]> Tokens = new(() => [.. RealModelTests.Tokenizer().EncodeToIds(RealModelTests.HeldOutText())]);

    [Fact]
    public void Perplexity_SinksFarBeyondTheTrainedWindow_StaysWhatItWas()
    {
        using CausalLanguageModel model = CausalLanguageModel.Load(TestPaths.RequireShared("models", "aidreams-260k"));
        using var driver = new StepDriver(new CpuModelRunner(model, new RunnerOptions { MaximumTokens = 256, Threads = 2 }));
        var found = new Dictionary<string, double>();
        foreach ((string name, AttentionSinks? sinks) in new (string, AttentionSinks?)[]
        {
            ("all", null),
            ("sinks in cache", new AttentionSinks { Sinks = 4, Window = 124 }),
            ("sinks in text", new AttentionSinks { Sinks = 4, Window = 124, Positions = SinkPositions.InText }),
            ("window alone", new AttentionSinks { Sinks = 0, Window = 128 }),
            ("sinks in cache, 64", new AttentionSinks { Sinks = 4, Window = 60 }),
            ("window alone, 64", new AttentionSinks { Sinks = 0, Window = 64 }),
        })
        {
            found[name] = Perplexity(model, (tokens, from) => driver.All(driver.Start(tokens, null, sinks), 128), 1000, 500);
            TestContext.Current.SendDiagnosticMessage($"tokens 500 to 1,000, {name}: {found[name]:F3}");
        }

        Assert.True(found["sinks in cache"] < 0.5 * found["all"]);
        Assert.True(found["sinks in cache"] < found["window alone"]);
        Assert.True(found["sinks in cache"] < found["sinks in text"]);
    }

    [Fact]
    public void Perplexity_AfterASelectedPrompt_StaysNear()
    {
        using CausalLanguageModel model = CausalLanguageModel.Load(TestPaths.RequireShared("models", "aidreams-260k"));
        using var driver = new StepDriver(new CpuModelRunner(model, new RunnerOptions { MaximumTokens = 256, Threads = 2 }));
        const int prompt = 96, observed = 8;
        double all = Perplexity(model, (tokens, _) => driver.All(tokens, 128), 126, prompt);
        foreach (int kept in new[] { 64, 32, 16 })
        {
            double selected = Perplexity(
                model, (tokens, _) => Selected(driver, tokens, new PromptChoice(new PromptSelection { MaximumTokens = kept, ObservedTokens = observed, PoolSize = 5 }, prompt), observed), 126, prompt);
            // The same number of the latest alone.
            double latest = Perplexity(model, (tokens, _) => driver.All([.. tokens[(prompt - kept)..]], 128), 126, prompt);
            TestContext.Current.SendDiagnosticMessage($"30 tokens after a prompt of {prompt}: {all:F3} with all, {selected:F3} with {kept} chosen, {latest:F3} with the latest {kept} alone");
            Assert.InRange(selected / all, 0.98, 1.5);
        }
    }

    private static float[] Selected(StepDriver driver, int[] tokens, PromptChoice choice, int observed)
    {
        DrivenSequence sequence = driver.Start(tokens, null, null, choice);
        var rows = new List<float>();
        foreach (int count in new[] { choice.PromptLength - observed, observed, tokens.Length - choice.PromptLength })
        {
            foreach (float[] row in driver.Step((sequence, count, count))[0]) rows.AddRange(row);
        }

        driver.Release(sequence);
        return [.. rows];
    }

    /// <summary>Of the tokens from a place on; where the logits are of fewer tokens, of the last ones.</summary>
    private static double Perplexity(CausalLanguageModel model, Func<int[], int, float[]> logits, int length, int from)
    {
        int vocabulary = model.Config.VocabularySize, count = 0;
        double sum = 0;
        for (int window = 0; window < Windows; window++)
        {
            int[] text = [1, .. Tokens.Value[(Stride * window)..((Stride * window) + length)]];
            float[] rows = logits(text[..^1], from);
            int missing = text.Length - 1 - (rows.Length / vocabulary);
            for (int i = from; i < text.Length; i++, count++)
            {
                ReadOnlySpan<float> row = rows.AsSpan((i - 1 - missing) * vocabulary, vocabulary);
                double highest = row[0], total = 0;
                foreach (float score in row) highest = Math.Max(highest, score);
                foreach (float score in row) total += Math.Exp(score - highest);
                sum += highest + Math.Log(total) - row[text[i]];
            }
        }

        return Math.Exp(sum / count);
    }
}

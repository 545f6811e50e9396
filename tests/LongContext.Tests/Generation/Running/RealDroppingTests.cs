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

    /// <summary>
    /// Retrieval, which choosing from a prompt is for: a passage stands somewhere in the prompt, and its end repeats the passage's beginning. Of each head's chosen tokens, how many are of the passage, against what the same
    /// number of tokens taken anywhere would hold; the latest ones hold none.
    /// </summary>
    [Fact]
    public void Choice_PromptThatRepeatsAPassage_KeepsThePassageFarMoreOftenThanChance()
    {
        using CausalLanguageModel model = CausalLanguageModel.Load(TestPaths.RequireShared("models", "aidreams-260k"));
        using var driver = new StepDriver(new CpuModelRunner(model, new RunnerOptions { MaximumTokens = 256, Threads = 2 }));
        const int prompt = 120, observed = 8, kept = 32, passage = 12, trials = 40;
        foreach (VotePooling pooling in Enum.GetValues<VotePooling>())
        {
            foreach (int pool in new[] { 1, 3, 5, 7 })
            {
                double best = 0, sum = 0;
                int heads = 0;
                for (int layer = 0; layer < model.Config.LayerCount; layer++)
                {
                    for (int head = 0; head < model.Config.KeyValueHeadCount; head++, heads++)
                    {
                        double found = 0;
                        for (int trial = 0; trial < trials; trial++)
                        {
                            (int[] tokens, int at) = Passage(trial, prompt, passage, observed);
                            var choice = new PromptChoice(new PromptSelection { MaximumTokens = kept, ObservedTokens = observed, PoolSize = pool, Pooling = pooling }, prompt);
                            DrivenSequence sequence = driver.Start(tokens, null, null, choice);
                            driver.Step((sequence, prompt - observed, 1));
                            driver.Step((sequence, observed, observed));
                            int[] chosen = choice.Kept(layer, head).ToArray();
                            found += chosen.Count(token => token >= at && token < at + passage);
                            driver.Release(sequence);
                        }

                        found /= trials * passage;
                        sum += found;
                        best = Math.Max(best, found);
                    }
                }

                double chance = (double)(kept - observed) / (prompt - observed);
                TestContext.Current.SendDiagnosticMessage($"{pooling}, pool of {pool}: {sum / heads:P0} of the passage chosen over all heads, {best:P0} by the best; chance {chance:P0}, the latest {kept} 0 %");
                Assert.True(best > 2 * chance, $"{pooling} {pool}: {best:F2}, chance {chance:F2}");
            }
        }
    }

    /// <summary>Held-out text with a passage of other held-out text early in it, whose first tokens it ends with.</summary>
    private static (int[] Tokens, int At) Passage(int trial, int prompt, int passage, int observed)
    {
        int at = 10 + (trial * 7 % 50);
        int[] tokens = [1, .. Tokens.Value[(trial * 200)..((trial * 200) + prompt - 1)]], other = Tokens.Value[(9_000 + (trial * 50))..(9_000 + (trial * 50) + passage)];
        other.CopyTo(tokens, at);
        other.AsSpan(0, observed).CopyTo(tokens.AsSpan(prompt - observed));
        return (tokens, at);
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

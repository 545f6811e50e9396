using LongContext.Data;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Models.Quantization;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Tests.Models.Quantization;

/// <summary>A model that others pretrained, quantised in all ways: what each loses by length on text that it was not calibrated on.</summary>
public sealed class RealModelQuantizationTests
{
    private const int Window = 512;

    [Fact]
    public async Task Quantize_ARealModel_LosesLittleInEightBitsAndLessByGptqThanByRounding()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        string folder = TestPaths.RequireShared("models", "aidreams-260k");
        HuggingFaceTokenizer tokenizer = RealModelTests.Tokenizer();
        int[] heldOut = [.. tokenizer.EncodeToIds(RealModelTests.HeldOutText())];
        int[] training = [.. tokenizer.EncodeToIds(string.Join('\n', TextDocuments.Read(TestPaths.RequireShared("data", "dreams.jsonl")).Take(300)))];
        PackedBatch[] calibration = [.. Enumerable.Range(0, Math.Min(32, training.Length / (Window - 1))).Select(i => PackedBatch.Create([new TokenSequence((int[])[1, .. training[(i * (Window - 1))..((i + 1) * (Window - 1))]])]))];

        QuantizationCandidate Candidate(string name, QuantizationOptions options) => new(name, () =>
        {
            CausalLanguageModel model = CausalLanguageModel.Load(folder);
            ModelQuantizer.Quantize(model, options, cancellationToken: token);
            return model;
        });

        QuantizationOptions Int4(QuantizationMethod method, int? group, bool symmetric) => new() { GroupSize = group, Symmetric = symmetric, Method = method, Calibration = calibration };
        var report = await QuantizationEvaluator.EvaluateAsync(
            new("original", () => CausalLanguageModel.Load(folder)),
            [
                Candidate("int8", new QuantizationOptions { Format = QuantizationFormat.Int8 }),
                Candidate("float8", new QuantizationOptions { Format = QuantizationFormat.Float8 }),
                Candidate("nf4", new QuantizationOptions { Format = QuantizationFormat.Nf4 }),
                Candidate("nf4 gptq", new QuantizationOptions { Format = QuantizationFormat.Nf4, Method = QuantizationMethod.Gptq, Calibration = calibration }),
                Candidate("int4 g32 rounding", Int4(QuantizationMethod.Rounding, 32, true)),
                Candidate("int4 g32 gptq", Int4(QuantizationMethod.Gptq, 32, true)),
                Candidate("int4 g32 gptq in order", new QuantizationOptions { GroupSize = 32, Method = QuantizationMethod.Gptq, Calibration = calibration, ActivationOrder = false }),
                Candidate("int4 g32 zero points gptq", Int4(QuantizationMethod.Gptq, 32, false)),
                Candidate("int4 rows rounding", Int4(QuantizationMethod.Rounding, null, true)),
                Candidate("int4 rows gptq", Int4(QuantizationMethod.Gptq, null, true)),
            ],
            new QuantizationReportOptions { Text = heldOut, Perplexity = new PerplexityByLengthOptions { Lengths = [64, 256, 512], MaximumWindows = 40, BeginningOfSentenceTokenId = 1 } },
            token);
        TestContext.Current.TestOutputHelper?.WriteLine(report.ToMarkdown());

        double Worst(string name) => report.Losses.Where(loss => loss.Model == name).Max(loss => loss.Loss);
        Assert.InRange(Worst("int8"), -0.01, 0.01);
        Assert.InRange(Worst("float8"), -0.01, 0.05);
        Assert.True(Worst("int4 g32 gptq") < Worst("int4 g32 rounding"), report.ToMarkdown());
        Assert.True(Worst("int4 rows gptq") < Worst("int4 rows rounding"), report.ToMarkdown());
        Assert.True(Worst("int4 g32 rounding") < Worst("int4 rows rounding"), report.ToMarkdown());
    }

    /// <summary>All matrices but those from 172 inputs, which are no whole blocks.</summary>
    [Fact]
    public async Task RoundsActivations_ARealModelInInt4_ChangesItsPerplexityLittle()
    {
        using CausalLanguageModel model = CausalLanguageModel.Load(TestPaths.RequireShared("models", "aidreams-260k"));
        ModelQuantizer.Quantize(model, new QuantizationOptions { GroupSize = 32 });
        int[] text = [.. RealModelTests.Tokenizer().EncodeToIds(RealModelTests.HeldOutText())];
        double exact = await PerplexityAsync(rounds: false), rounded = await PerplexityAsync(rounds: true);
        TestContext.Current.TestOutputHelper?.WriteLine($"{exact:F4} exact, {rounded:F4} with rounded activations: {(rounded / exact) - 1:P3}");
        Assert.NotEqual(exact, rounded);
        Assert.InRange((rounded / exact) - 1, -0.005, 0.005);

        async Task<double> PerplexityAsync(bool rounds)
        {
            await using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = 4 * Window, RoundsActivations = rounds, AllowsBeyondContext = true });
            double sum = 0;
            int count = 0;
            for (int start = 0; start + Window <= Math.Min(text.Length, 40 * Window); start += Window)
            {
                GenerationResult result = await engine.GenerateAsync(new GenerationRequest
                {
                    Prompt = (int[])[1, .. text[start..(start + Window - 1)]], Options = new GenerationOptions { MaximumNewTokens = 0, PromptLogProbabilities = 0 },
                });
                foreach (PromptToken token in result.PromptDetails!.Skip(1)) sum -= token.LogProbability!.Value;
                count += result.PromptDetails!.Count - 1;
            }

            return Math.Exp(sum / count);
        }
    }
}

// Shape suffixes: B documents, L tokens of the longest, V vocabulary.
using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Models;
using LongContext.Packing;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Training;

/// <summary>
/// Two optimizer steps, each on a pack of 1,024 tokens, of a Llama of 4 layers, width 128 and 4,096 tokens. Baseline: the
/// usual TorchSharp loop on the same documents as padded batches, all logits at once into cross_entropy, torch.optim.AdamW and
/// clip_grad_norm_. The rate counts the documents' tokens, not padding. Both make their optimizer anew in each call.
/// </summary>
[Work("tokens", Steps * PackTokens)]
[InvocationCount(1), WarmupCount(2), IterationCount(7)]
public class TrainingStepBenchmarks
{
    private const int Steps = 2;
    private const int PackTokens = 1024;
    private const int Vocabulary = 4096;
    private const double LearningRate = 1e-5;
    private CausalLanguageModel model = null!;
    private PlainLlama plain = null!;
    private TokenSequence[][] documents = [];
    private PackedBatch[] packs = [];

    /// <summary>Equal: 4 documents of 256, where padding costs nothing. Mixed: 32, 32, 64, 128, 256 and 512 tokens, which padding triples.</summary>
    [Params("equal", "mixed")]
    public string Lengths { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        int[] lengths = Lengths == "equal" ? [256, 256, 256, 256] : [32, 32, 64, 128, 256, 512];
        documents = [.. Enumerable.Range(0, Steps).Select(step => Documents.Random(lengths, Vocabulary, seed: step))];
        packs = [.. documents.Select(pack => PackedBatch.Create(pack))];
        model = SmallModels.Create(Vocabulary);
        plain = new PlainLlama(model, requiresGradient: true);
        // Both start from the same weights, so their first runs give the same loss of the second step.
        Agreement.Require("loss of the last step", PlainLoopPaddedBatch(), LongContextTrainer(), 1e-4);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        model.Dispose();
        plain.Dispose();
    }

    [Benchmark(Baseline = true)]
    public double PlainLoopPaddedBatch()
    {
        using optim.Optimizer optimizer = optim.AdamW(plain.Parameters, LearningRate, 0.9, 0.95, weight_decay: 0.1);
        double loss = 0;
        foreach (TokenSequence[] batch in documents)
        {
            using var scope = NewDisposeScope();
            (Tensor ids_BL, Tensor labels_BL) = Pad(batch);
            optimizer.zero_grad();
            Tensor logits_BLV = plain.Logits(ids_BL);
            Tensor entropy = nn.functional.cross_entropy(logits_BLV.view(-1, Vocabulary), labels_BL.view(-1), ignore_index: PackedBatch.Ignored);
            entropy.backward();
            nn.utils.clip_grad_norm_(plain.Parameters, 1);
            optimizer.step();
            loss = entropy.item<float>();
        }

        return loss;
    }

    [Benchmark]
    public double LongContextTrainer()
    {
        using var trainer = new LongContextTrainer(model, new TrainerOptions
        {
            Steps = Steps,
            LearningRate = LearningRate,
            Schedule = LongContext.Training.LearningRateSchedule.Constant(),
        });
        return trainer.TrainAsync(LongContext.Training.PackSource.FromList(packs, seed: null)).GetAwaiter().GetResult().FinalLoss!.Value;
    }

    private static (Tensor Ids_BL, Tensor Labels_BL) Pad(TokenSequence[] batch)
    {
        int width = batch.Max(document => document.Length);
        var ids = new long[batch.Length * width];
        var labels = new long[batch.Length * width];
        labels.AsSpan().Fill(PackedBatch.Ignored);
        for (int row = 0; row < batch.Length; row++)
        {
            ReadOnlySpan<int> tokens = batch[row].Tokens.Span;
            for (int t = 0; t < tokens.Length; t++)
            {
                ids[(row * width) + t] = tokens[t];
                if (t > 0) labels[(row * width) + t - 1] = tokens[t];
            }
        }

        return (tensor(ids, [batch.Length, width]), tensor(labels, [batch.Length, width]));
    }
}

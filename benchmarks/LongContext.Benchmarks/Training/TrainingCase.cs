using LongContext.Benchmarks.Baselines;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Training;
using LongContext.Training.Backpropagation;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Training;

/// <summary>The Llama of issue-sized figures: 8 layers, hidden 512, vocabulary 32,000, float32; and the ways to get its gradients.</summary>
internal static class TrainingCase
{
    public const int Vocabulary = 32_000;

    public static readonly IReadOnlyDictionary<string, ActivationPolicy> Policies = new Dictionary<string, ActivationPolicy>
    {
        ["keep everything"] = ActivationPolicy.KeepEverything,
        ["recompute MLP"] = new() { Recompute = Recomputation.Mlp },
        ["recompute layers"] = ActivationPolicy.RecomputeLayers,
        ["every 4th layer"] = new() { EveryNthLayer = 4 },
    };

    public static CausalLanguageModel CreateModel(int contextLength) => CausalLanguageModel.Create(Config(contextLength), seed: 1);

    public static ModelConfig Config(int contextLength) =>
        new()
        {
            ModelType = "llama",
            Architectures = ["LlamaForCausalLM"],
            VocabularySize = Vocabulary,
            HiddenSize = 512,
            IntermediateSize = 1376,
            LayerCount = 8,
            HeadCount = 8,
            KeyValueHeadCount = 8,
            HeadDimension = 64,
            MaxPositionEmbeddings = contextLength,
            OriginalMaxPositionEmbeddings = contextLength,
        };

    public static PackedBatch Pack(int length) =>
        PackedBatch.Create([new TokenSequence(Harness.Documents.Tokens(length, Vocabulary, new Random(1)))]);

    /// <summary>One graph over everything and all logits at once, as one would write it with TorchSharp. Mean loss.</summary>
    public static double Plain(PlainLlama plain, PackedBatch pack)
    {
        using var scope = NewDisposeScope();
        foreach (TorchSharp.Modules.Parameter parameter in plain.Parameters) parameter.grad?.zero_();
        Tensor ids_1L = tensor(Array.ConvertAll(pack.InputIds.ToArray(), id => (long)id)).unsqueeze(0);
        Tensor labels_L = tensor(Array.ConvertAll(pack.Labels.ToArray(), label => (long)label));
        Tensor entropy = nn.functional.cross_entropy(plain.Logits(ids_1L).view(-1, Vocabulary), labels_L, ignore_index: PackedBatch.Ignored);
        entropy.backward();
        return entropy.item<float>();
    }

    /// <summary>The library's backpropagation. Mean loss.</summary>
    public static double Layerwise(CausalLanguageModel model, LayerwiseBackpropagation backpropagation, PackedBatch pack)
    {
        foreach (Parameter parameter in model.TrainableParameters) parameter.Gradient?.zero_();
        return backpropagation.Run(pack, 1.0 / pack.TargetCount) / pack.TargetCount;
    }
}

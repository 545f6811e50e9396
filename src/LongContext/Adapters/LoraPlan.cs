using LongContext.Models;

namespace LongContext.Adapters;

/// <summary>What an adapter is made of on a certain model: each layer with its sizes, and the weights that are saved whole.</summary>
internal sealed class LoraPlan
{
    private LoraPlan(LoraOptions options, IReadOnlyList<LoraPlanLayer> layers, IReadOnlyList<string> savedWeights, IReadOnlyList<string> biases, bool needsOwnHead)
    {
        Options = options;
        Layers = layers;
        SavedWeights = savedWeights;
        Biases = biases;
        NeedsOwnHead = needsOwnHead;
    }

    public LoraOptions Options { get; }

    /// <summary>Layers in the order of the forward pass.</summary>
    public IReadOnlyList<LoraPlanLayer> Layers { get; }

    /// <summary>Weights of modules to save, by their names in the checkpoint.</summary>
    public IReadOnlyList<string> SavedWeights { get; }

    /// <summary>Biases of the base that train along.</summary>
    public IReadOnlyList<string> Biases { get; }

    /// <summary>Whether a head that the model ties to the embedding must become a weight of its own.</summary>
    public bool NeedsOwnHead { get; }

    /// <summary>Applies options to a model.</summary>
    /// <exception cref="ArgumentException">Options are out of range, or name what the model does not have; the message holds every fault.</exception>
    public static LoraPlan Make(LoraOptions options, CausalLanguageModel model)
    {
        List<string> faults = LoraOptionsFaults.Of(options);
        if (faults.Count > 0) throw Faulty(faults);
        var targets = new LoraTargets(options);
        List<LoraPlanLayer> layers = [.. Candidates(model).Where(layer => targets.Includes(layer.Module, layer.IsInner)).Select(layer => WithRank(layer, targets, options))];
        if (layers.Count == 0) faults.Add($"No module of the model is a target ({Asked(options)}). It has: {string.Join(", ", LastNames(Candidates(model)))}.");
        if (options.WeightDecomposed && layers.Any(layer => layer.IsEmbedding)) faults.Add("WeightDecomposed is not supported for the embedding.");
        if (options.OutputBias && layers.Any(layer => layer.IsEmbedding)) faults.Add("OutputBias is not supported for the embedding.");

        bool tied = model.Shape.TieWordEmbeddings;
        LoraTie tie = LoraTie.Of(options, targets, tied);
        List<string> saved = [.. model.Parameters.Keys.Where(targets.IsSaved)];
        bool adaptsEnds = layers.Any(layer => layer.IsEmbedding || !layer.IsInner);
        if (tied && options.EnsureWeightTying && adaptsEnds) faults.Add("EnsureWeightTying is supported for saved modules only, not for an adapter on the embedding or the head.");
        if (tie.IsKept && !saved.Contains(DecoderTensors.Embedding)) saved.Insert(0, DecoderTensors.Embedding);
        if (tie.SavesHead) saved.Add(DecoderTensors.Head);
        foreach (string asked in options.ModulesToSave)
        {
            if (!saved.Any(weight => LoraTargets.IsOf(weight, asked)) && !(tie.IsKept && LoraTargets.IsOf(DecoderTensors.Head, asked)))
                faults.Add($"ModulesToSave names '{asked}', which is no module of the model.");
        }

        faults.AddRange(layers.Where(layer => saved.Contains(layer.Module + ".weight")).Select(layer => $"'{layer.Module}' is both a target and a module to save."));
        faults.AddRange(saved.Where(weight => model.Parameters.ContainsKey(weight) && model.Parameters.Find(weight).Quantized is not null)
            .Select(weight => $"ModulesToSave takes in '{weight}', which is quantised and cannot train."));
        if (faults.Count > 0) throw Faulty(faults);
        return new LoraPlan(options, layers, saved, [.. BiasesOf(options, layers, model).Except(saved)], tie.NeedsOwnHead);
    }

    /// <summary>As <see cref="Make"/>, for a new adapter: each name of <see cref="LoraOptions.TargetModules"/> must be some module's.</summary>
    /// <exception cref="ArgumentException">Options are out of range, or name what the model does not have; the message holds every fault.</exception>
    public static LoraPlan Require(LoraOptions options, CausalLanguageModel model)
    {
        LoraPlan plan = Make(options, model);
        return UnknownTargets(options, model).ToArray() is { Length: > 0 } unknown
            ? throw Faulty([$"TargetModules names {string.Join(", ", unknown.Select(name => $"'{name}'"))}, which no module of the model is called."])
            : plan;
    }

    /// <summary>Names that options ask for and no module has.</summary>
    private static IEnumerable<string> UnknownTargets(LoraOptions options, CausalLanguageModel model) =>
        options.TargetPattern is not null || options.TargetModules is [LoraOptions.AllLinear]
            ? []
            : options.TargetModules.Where(name => !Candidates(model).Any(layer => LoraTargets.Names([name], layer.Module)));

    private static ArgumentException Faulty(IEnumerable<string> faults) => new("The adapter's options cannot be used: " + string.Join(" ", faults));

    private static string Asked(LoraOptions options) => options.TargetPattern is { } pattern ? $"pattern '{pattern}'" : string.Join(", ", options.TargetModules.Take(10));

    private static IEnumerable<string> LastNames(IEnumerable<LoraPlanLayer> layers) => layers.Select(layer => layer.Module[(layer.Module.LastIndexOf('.') + 1)..]).Distinct();

    /// <summary>Everything that can have an adapter.</summary>
    private static IEnumerable<LoraPlanLayer> Candidates(CausalLanguageModel model)
    {
        yield return new LoraPlanLayer(WithoutSuffix(DecoderTensors.Embedding), null, model.Shape.VocabularySize, model.Shape.HiddenSize);
        foreach (Linear linear in model.Parameters.Linears) yield return new LoraPlanLayer(linear.Name, linear, linear.Inputs, linear.Outputs);
        yield return new LoraPlanLayer(model.Head.Name, model.Head, model.Head.Inputs, model.Head.Outputs);
    }

    private static LoraPlanLayer WithRank(LoraPlanLayer layer, LoraTargets targets, LoraOptions options)
    {
        (int rank, double alpha) = targets.Of(layer.Module);
        return layer with { Rank = rank, Scale = options.Scale(rank, alpha) };
    }

    private static IEnumerable<string> BiasesOf(LoraOptions options, List<LoraPlanLayer> layers, CausalLanguageModel model) => options.Bias switch
    {
        LoraBias.All => model.Parameters.Keys.Where(name => name.EndsWith(".bias", StringComparison.Ordinal)),
        LoraBias.LoraOnly => layers.Select(layer => layer.Module + ".bias").Where(model.Parameters.ContainsKey),
        _ => [],
    };

    private static string WithoutSuffix(string weight) => weight[..^".weight".Length];
}

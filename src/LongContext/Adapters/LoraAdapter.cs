using System.Text.Json.Nodes;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Adapters;

/// <summary>
/// A low-rank adapter on a model (LoRA, DoRA): made by <see cref="CausalLanguageModel.AddAdapter"/> or <see cref="Load"/>, which attach
/// it. While it is attached the model runs with it, and training changes it alone. Not safe for use by several threads at once.
/// </summary>
public sealed partial class LoraAdapter : IDisposable
{
    private readonly LoraPlan plan;
    private readonly List<(Linear Linear, LoraLayer Layer)> layers = [];
    private readonly List<SavedWeight> saved = [];
    private readonly JsonObject? peftFields;
    private EmbeddingLora? embedding;
    private CausalLanguageModel? model;
    private bool disposed;

    private LoraAdapter(LoraPlan plan, JsonObject? peftFields)
    {
        this.plan = plan;
        this.peftFields = peftFields;
    }

    /// <summary>What it was made with.</summary>
    public LoraOptions Options => plan.Options;

    /// <summary>Names of the modules that it adds to.</summary>
    public IReadOnlyList<string> TargetedModules => [.. plan.Layers.Select(layer => layer.Module)];

    /// <summary>Number of values that train with it: of A, B, magnitudes, saved modules and biases.</summary>
    public long ParameterCount => Trainable.Sum(parameter => parameter.Value.numel());

    /// <summary>Whether a model runs with it.</summary>
    public bool IsAttached => model is not null;

    /// <summary>Whether it is added into the base's weights at present.</summary>
    public bool IsMerged { get; private set; }

    /// <summary>Its tensors by PEFT's names. They are the adapter's and go with it.</summary>
    /// <exception cref="ObjectDisposedException">It was taken off.</exception>
    public IReadOnlyDictionary<string, Tensor> Tensors
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return Named().ToDictionary(pair => pair.Name, pair => pair.Tensor, StringComparer.Ordinal);
        }
    }

    /// <summary>What training changes, layer by layer, then the saved modules.</summary>
    internal IReadOnlyList<Parameter> Trainable =>
    [
        .. embedding is null ? [] : new[] { embedding.A, embedding.B },
        .. layers.SelectMany(pair => pair.Layer.Parameters),
        .. saved.Select(weight => weight.Target),
    ];

    /// <summary>Type of an adapter's own tensors: float32, whatever the base's, but with a float64 base.</summary>
    internal static ScalarType TypeFor(CausalLanguageModel model) => model.DataType == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    /// <summary>Takes it off its model, unmerged, and frees it. The same as <see cref="CausalLanguageModel.RemoveAdapter"/>.</summary>
    /// <exception cref="InvalidOperationException">A run trains the model: cancel it and await it first.</exception>
    public void Dispose()
    {
        if (disposed) return;
        model?.ThrowIfTraining("parted from its adapter");
        Detach();
        disposed = true;
        foreach (SavedWeight weight in saved) weight.Spare.Dispose();
        FreeOwn();
    }

    /// <summary>Makes an adapter of tensors and attaches it; the model is touched once all are there.</summary>
    /// <param name="model">The model, without an adapter.</param>
    /// <param name="plan">What it consists of.</param>
    /// <param name="source">Gives each tensor, to be owned here.</param>
    /// <param name="peftFields">A config file's fields, to be kept when it is saved; null for none.</param>
    internal static LoraAdapter Build(CausalLanguageModel model, LoraPlan plan, Func<LoraTensor, Tensor> source, JsonObject? peftFields)
    {
        LoraTensor[] asked = [.. LoraTensor.All(plan, model)];
        var made = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        try
        {
            foreach (LoraTensor tensor in asked) made.Add(tensor.Name, source(tensor).DetachFromDisposeScope());
        }
        catch
        {
            foreach (Tensor tensor in made.Values) tensor.Dispose();
            throw;
        }

        var adapter = new LoraAdapter(plan, peftFields);
        foreach (IGrouping<LoraPlanLayer, LoraTensor> group in asked.Where(tensor => tensor.Layer is not null).GroupBy(tensor => tensor.Layer!))
            adapter.AddLayer(group.Key, group.ToDictionary(tensor => tensor.Kind, tensor => new Parameter(tensor.Name, made[tensor.Name])), model);
        adapter.Attach(model, asked.Where(tensor => tensor.Kind == LoraTensorKind.Saved).Select(tensor => (tensor, made[tensor.Name])));
        return adapter;
    }

    private void AddLayer(LoraPlanLayer layer, Dictionary<LoraTensorKind, Parameter> parts, CausalLanguageModel on)
    {
        (Parameter a, Parameter b) = (parts[LoraTensorKind.A], parts[LoraTensorKind.B]);
        if (layer.Linear is { } linear)
        {
            Parameter? bias = parts.GetValueOrDefault(LoraTensorKind.Bias), magnitude = parts.GetValueOrDefault(LoraTensorKind.Magnitude);
            layers.Add((linear, new LoraLayer(layer.Module, a, b, bias, magnitude, layer.Scale, Options.Dropout)));
        }
        else
        {
            embedding = new EmbeddingLora(layer.Module, a, b, layer.Scale, on.PadRow);
        }
    }

    /// <summary>The adapter's copy of a weight. While it is merged, B's bias may be added into it where the model has it.</summary>
    private Tensor OwnOf(SavedWeight weight) => originals.Where(pair => pair.Parameter == weight.Target).Select(pair => pair.Original).FirstOrDefault() ?? weight.Own;

    private IEnumerable<(string Name, Tensor Tensor)> Named()
    {
        IEnumerable<Parameter> own = Trainable.Except(saved.Select(weight => weight.Target));
        return [.. own.Select(parameter => (parameter.Name, parameter.Value)), .. saved.Select(weight => (weight.Name, OwnOf(weight)))];
    }

    private void FreeOwn()
    {
        foreach (Parameter parameter in Trainable.Except(saved.Select(weight => weight.Target)))
        {
            parameter.ReleaseGradient();
            parameter.Value.Dispose();
        }
    }
}

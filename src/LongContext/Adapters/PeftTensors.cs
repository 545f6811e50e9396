using LongContext.Checkpoints;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Adapters;

/// <summary>The tensors of adapter_model.safetensors, all compared with what the adapter must have before the first is read.</summary>
internal sealed class PeftTensors
{
    private const int Shown = 5;

    private readonly SafetensorsFile file;
    private readonly CausalLanguageModel model;
    private readonly Dictionary<string, TensorInfo> found = new(StringComparer.Ordinal);

    /// <exception cref="CheckpointFormatException">Tensors are missing, unknown, or of another shape or type than they must be; the message has each of these.</exception>
    public PeftTensors(SafetensorsFile file, LoraPlan plan, CausalLanguageModel model)
    {
        this.file = file;
        this.model = model;
        var faults = new List<string>();
        var missing = new List<string>();
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (LoraTensor tensor in LoraTensor.All(plan, model))
        {
            string? name = Names(tensor).FirstOrDefault(file.Tensors.ContainsKey);
            if (name is null)
            {
                missing.Add(tensor.Name);
                continue;
            }

            TensorInfo info = file.Tensors[name];
            used.Add(name);
            found.Add(tensor.Name, info);
            if (!info.Shape.SequenceEqual(tensor.Shape)) faults.Add($"Tensor '{name}' has shape [{string.Join(", ", info.Shape)}], expected [{string.Join(", ", tensor.Shape)}].");
            else if (!IsFloatingPoint(info)) faults.Add($"Tensor '{name}' is of type {info.DataType}, expected floating point of 16 bits or more.");
        }

        string[] unknown = [.. file.Tensors.Keys.Where(name => !used.Contains(name) && !IsCopyOfBase(name)).Order(StringComparer.Ordinal)];
        if (missing.Count > 0) faults.Insert(0, $"{missing.Count} tensors that the config asks for are missing: {Some(missing)}.");
        if (unknown.Length > 0) faults.Insert(0, $"{unknown.Length} tensors are none of the adapter that the config describes: {Some(unknown)}.");
        if (faults.Count > 0)
            throw new CheckpointFormatException($"{file.Path}: {string.Join(" ", faults.Take(Shown + 2))}{(faults.Count > Shown + 2 ? $" And {faults.Count - Shown - 2} more." : "")}");
    }

    /// <summary>A tensor in the type it has here.</summary>
    public Tensor Read(LoraTensor tensor)
    {
        TensorInfo info = found[tensor.Name];
        return SafetensorsTensors.Read(file, info, tensor.Kind == LoraTensorKind.Saved ? model.DataType : LoraAdapter.TypeFor(model), model.Device);
    }

    private static string Some(IReadOnlyList<string> names) => string.Join(", ", names.Take(Shown).Select(name => $"'{name}'")) + (names.Count > Shown ? ", …" : "");

    private static bool IsFloatingPoint(TensorInfo info) =>
        info.DataType is TensorDataType.Float64 or TensorDataType.Float32 or TensorDataType.Float16 or TensorDataType.BFloat16;

    /// <summary>A tensor's name and those of other versions, each also as in models of several parts.</summary>
    private static IEnumerable<string> Names(LoraTensor tensor)
    {
        const string Own = LoraTensor.Prefix + "model.";
        foreach (string name in (IEnumerable<string>)[tensor.Name, .. tensor.OtherNames()])
        {
            yield return name;
            if (!name.StartsWith(Own, StringComparison.Ordinal)) continue;
            foreach (string part in TensorNames.PartPrefixes) yield return LoraTensor.Prefix + part + name[Own.Length..];
        }
    }

    /// <summary>
    /// PEFT adds the embedding and the head, as they are in the base, where one of them is a target or the vocabulary was resized, and a
    /// saved embedding that stays tied under the head's name too. What is another weight is unknown, since it would not be trained nor
    /// saved again.
    /// </summary>
    private bool IsCopyOfBase(string name)
    {
        const string Embedding = LoraTensor.Prefix + DecoderTensors.Embedding;
        if (name == LoraTensor.Prefix + DecoderTensors.Head && model.Shape.TieWordEmbeddings && found.TryGetValue(Embedding, out TensorInfo? saved))
            return file.GetBytes(name).SequenceEqual(file.GetBytes(saved.Name));

        foreach (string weight in (string[])[DecoderTensors.Embedding, DecoderTensors.Head])
        {
            if (name != LoraTensor.Prefix + weight && name != LoraTensor.Prefix + weight.Replace(".weight", ".base_layer.weight", StringComparison.Ordinal)) continue;
            Tensor own = weight == DecoderTensors.Head ? model.Head.Weight.Value : model.Embedding.Value;
            TensorInfo info = file.Tensors[name];
            if (!info.Shape.SequenceEqual(own.shape) || !IsFloatingPoint(info)) return false;
            using Tensor read = SafetensorsTensors.Read(file, info, own.dtype, own.device);
            return read.Equals(own);
        }

        return false;
    }
}

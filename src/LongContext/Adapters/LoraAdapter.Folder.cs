using System.Text;
using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Models;

namespace LongContext.Adapters;

/// <summary>From and to PEFT's folders.</summary>
public sealed partial class LoraAdapter
{
    /// <summary>Name of the file with the tensors.</summary>
    internal const string WeightsFile = "adapter_model.safetensors";

    /// <summary>Reads an adapter that PEFT or <see cref="Save"/> wrote, and attaches it.</summary>
    /// <param name="folder">A folder with adapter_config.json and adapter_model.safetensors, and with a config.json where it says for which positions the adapter was trained.</param>
    /// <param name="model">The model it was made for; without an adapter.</param>
    /// <param name="positions">What is done where the folder's config.json has other positions or another window than the model. Default: that is refused.</param>
    /// <returns>The adapter, which is the model's until <see cref="CausalLanguageModel.RemoveAdapter"/>.</returns>
    /// <exception cref="CheckpointFormatException">
    /// A file is missing or damaged (of a config.json the message names the way around it), a field is out of range, or tensors are missing, unknown or of other shapes than the config and the model give.
    /// </exception>
    /// <exception cref="NotSupportedException">It is an adapter of another kind, or was made in a way that changes the base.</exception>
    /// <exception cref="ArgumentException">It was trained for other positions than the model has, or for another window; the message has both.</exception>
    /// <exception cref="InvalidOperationException">The model has an adapter already, or a run trains it.</exception>
    public static LoraAdapter Load(string folder, CausalLanguageModel model, AdapterPositions positions = AdapterPositions.MustMatch)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(model);
        if (!Enum.IsDefined(positions)) throw new ArgumentOutOfRangeException(nameof(positions), positions, "Expected one of the named values.");
        model.ThrowIfDisposed();
        model.ThrowIfTraining("given an adapter");
        model.ThrowIfAdapted();
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
        (LoraOptions options, JsonObject fields) = PeftConfig.Read(folder);
        LoraPlan plan;
        try
        {
            plan = LoraPlan.Make(options, model);
        }
        catch (ArgumentException exception)
        {
            throw new CheckpointFormatException($"{Path.Combine(folder, PeftConfig.FileName)}: it does not fit the model. {exception.Message}", exception);
        }

        string path = Path.Combine(folder, WeightsFile);
        if (!File.Exists(path))
        {
            string pickle = File.Exists(Path.Combine(folder, "adapter_model.bin")) ? " There is an adapter_model.bin, a pickle, which can run code and is never read; let PEFT save it as safetensors." : "";
            throw new CheckpointFormatException($"{folder}: found no {WeightsFile}.{pickle}");
        }

        using SafetensorsFile file = SafetensorsFile.Open(path);
        var weights = new PeftTensors(file, plan, model);
        ModelConfig? trainedFor = FindPositions(folder, model, positions);
        LoraAdapter adapter = Build(model, plan, weights.Read, fields);
        if (trainedFor is null) return adapter;
        try
        {
            model.SetPositions(trainedFor);
            return adapter;
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Writes adapter_config.json and adapter_model.safetensors as PEFT reads them; beside them config.json, since PEFT's file does not say for which positions
    /// an adapter was trained, and the tokenizer's files of the model's folder. Fields of a file it was loaded from that are not
    /// known here are kept. Each file is written under a temporary name and renamed when whole.
    /// </summary>
    /// <param name="folder">Made if it is not there. Where it is a model's own (with weights, or with a config.json and no adapter), its config.json and tokenizer stay as they are.</param>
    /// <param name="baseModel">What the config calls the base model. Default null: the name in the file it was loaded from, or else the model's folder.</param>
    /// <exception cref="ObjectDisposedException">The adapter was taken off.</exception>
    /// <exception cref="InvalidOperationException">
    /// The folder is a model's with other positions than the adapter was trained for, or with a config.json that cannot be read; or a run trains the adapter and this is not the run's own thread (as a synchronous
    /// <see cref="IProgress{T}"/> is called on).
    /// </exception>
    /// <exception cref="IOException">Writing failed; what the folder held before is still whole.</exception>
    public void Save(string folder, string? baseModel = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ObjectDisposedException.ThrowIf(disposed, this);
        using IDisposable? reading = model!.BeginReading("saved");
        bool isModels = CheckFolder(folder, model.Config);
        Directory.CreateDirectory(folder);
        baseModel ??= peftFields is null ? model.SourceFolder : null;
        byte[] config = PeftConfig.Write(plan, peftFields, baseModel);
        List<StagedFile> staged = isModels ? [] : model.StageConfigAndCompanions(folder, BaseConfig);
        try
        {
            staged.Add(AtomicFile.Stage(Path.Combine(folder, PeftConfig.FileName), stream => stream.Write(config)));
            SafetensorsEntry[] entries = [.. Named().Select(pair => SafetensorsTensors.Entry(pair.Name, pair.Tensor)), .. TiedHead()];
            staged.Add(SafetensorsWriter.Stage(Path.Combine(folder, WeightsFile), entries));
            foreach (StagedFile file in Enumerable.Reverse(staged)) file.Commit();
        }
        finally
        {
            foreach (StagedFile file in staged) file.Dispose();
        }
    }

    /// <summary>What a folder's config says otherwise than this adapter's would; the base model's name does not count. Null where there is no difference.</summary>
    /// <exception cref="CheckpointFormatException">The folder has no config, or a damaged one.</exception>
    internal string? DifferenceFrom(string folder)
    {
        (_, JsonObject there) = PeftConfig.Read(folder);
        JsonObject here = CheckpointJson.ParseObject(Encoding.UTF8.GetString(PeftConfig.Write(plan, peftFields, baseModel: null)), "the adapter");
        string[] differences =
        [
            .. here.Select(field => field.Key).Union(there.Select(field => field.Key))
                .Where(name => name != "base_model_name_or_path" && !JsonNode.DeepEquals(here[name], there[name]))
                .Select(name => $"{name} was {there[name]?.ToJsonString() ?? "null"}, here it is {here[name]?.ToJsonString() ?? "null"}"),
        ];
        return differences.Length == 0 ? null : string.Join("; ", differences);
    }

    /// <summary>A saved embedding that stays the head too is looked for under both names by PEFT.</summary>
    private IEnumerable<SafetensorsEntry> TiedHead()
    {
        const string Embedding = LoraTensor.Prefix + DecoderTensors.Embedding;
        bool isTied = model?.Shape.TieWordEmbeddings ?? false;
        if (isTied && saved.Find(weight => weight.Name == Embedding) is { } found)
            yield return SafetensorsTensors.Entry(LoraTensor.Prefix + DecoderTensors.Head, OwnOf(found));
    }
}

using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Models;

namespace LongContext.Adapters;

/// <summary>The positions that an adapter was trained for: config.json beside it has them.</summary>
public sealed partial class LoraAdapter
{
    private const string ModelConfigFile = "config.json";

    /// <summary>A model's weights or their index, whole or in shards; pickles too, which are not read here.</summary>
    private static readonly string[] WeightFiles = ["model.safetensors*", "model-*.safetensors", "pytorch_model*.bin*"];

    /// <summary>The base's config: a head that the adapter parted from the embedding is the adapter's, not the base's.</summary>
    private ModelConfig BaseConfig => plan.NeedsOwnHead ? model!.Config with { TieWordEmbeddings = true } : model!.Config;

    /// <summary>The config whose positions the model is to take over; null where it has them, or where nobody knows or asks.</summary>
    /// <exception cref="ArgumentException">They differ and must match.</exception>
    private static ModelConfig? FindPositions(string folder, CausalLanguageModel model, AdapterPositions positions)
    {
        if (positions == AdapterPositions.KeepModel || !File.Exists(Path.Combine(folder, ModelConfigFile))) return null;
        ModelConfig trained;
        try
        {
            trained = ModelConfig.Load(folder);
        }
        catch (Exception fault) when (fault is CheckpointFormatException or NotSupportedException)
        {
            throw new CheckpointFormatException(
                $"{fault.Message} It says for which positions the adapter in '{folder}' was trained; AdapterPositions.KeepModel loads the adapter without looking at it.", fault);
        }

        if (Difference(trained, model.Config) is not { } difference) return null;
        if (positions == AdapterPositions.Apply) return trained;
        throw new ArgumentException(
            $"The adapter in '{folder}' was trained for other positions than the model has: {difference}. Load the model with the adapter's (ModelLoadOptions.RopeScaling and ContextLength), "
            + "give them to it here (AdapterPositions.Apply), or keep the model's if you mean to (AdapterPositions.KeepModel).", nameof(model));
    }

    /// <summary>Refuses to load an adapter's folder, which has a config.json too, as a model.</summary>
    internal static void ThrowIfFolder(string folder)
    {
        if (HoldsModel(folder) || !File.Exists(Path.Combine(folder, PeftConfig.FileName))) return;
        (_, JsonObject fields) = PeftConfig.Read(folder);
        string baseModel = fields["base_model_name_or_path"] is JsonValue value && value.TryGetValue(out string? name) ? $"'{name}'" : "its base";
        throw new CheckpointFormatException($"'{folder}' holds an adapter ({PeftConfig.FileName}), not a model: load {baseModel} with CausalLanguageModel.Load, then the adapter onto it with LoraAdapter.Load.");
    }

    /// <summary>Whether a folder is a model's: it has weights, of whatever form, or a config.json that is not an adapter's.</summary>
    private static bool HoldsModel(string folder)
    {
        if (!Directory.Exists(folder)) return false;
        if (File.Exists(Path.Combine(folder, ModelConfigFile)) && !File.Exists(Path.Combine(folder, PeftConfig.FileName))) return true;
        return WeightFiles.Any(pattern => Directory.EnumerateFiles(folder, pattern).Any());
    }

    /// <summary>How trained positions and a model's differ, for people; null where they do not.</summary>
    private static string? Difference(ModelConfig trained, ModelConfig model)
    {
        if (!trained.RotatesLike(model))
        {
            (string theirs, string own) = trained.DescribeRotations(model);
            return $"{theirs}, window {trained.MaxPositionEmbeddings}, against the model's {own}, window {model.MaxPositionEmbeddings}";
        }

        return trained.MaxPositionEmbeddings == model.MaxPositionEmbeddings ? null
            : $"a window of {trained.MaxPositionEmbeddings} tokens (max_position_embeddings) against the model's {model.MaxPositionEmbeddings}";
    }

    /// <summary>Refuses a folder that an adapter could not be saved to: beside a model, it would be loaded with that model's positions.</summary>
    /// <param name="folder">Where the adapter is to be saved; need not be there.</param>
    /// <param name="trained">The config of the model that the adapter is trained on.</param>
    /// <returns>Whether the folder is a model's.</returns>
    /// <exception cref="InvalidOperationException">It is the folder of a model with other positions, or of one whose positions cannot be read.</exception>
    internal static bool CheckFolder(string folder, ModelConfig trained)
    {
        if (!HoldsModel(folder)) return false;
        if (!File.Exists(Path.Combine(folder, ModelConfigFile))) return true;
        ModelConfig there;
        try
        {
            there = ModelConfig.Load(folder);
        }
        catch (Exception fault) when (fault is CheckpointFormatException or NotSupportedException)
        {
            throw new InvalidOperationException($"'{folder}' holds a model whose config.json cannot be read: {fault.Message} Save the adapter in a folder of its own.", fault);
        }

        return Difference(trained, there) is not { } difference ? true : throw new InvalidOperationException(
            $"'{folder}' holds a model whose config.json has other positions than this adapter was trained for: {difference}. Save the adapter in a folder of its own.");
    }
}

using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Models;

namespace LongContext.Adapters;

/// <summary>The positions that an adapter was trained for: config.json beside it has them.</summary>
public sealed partial class LoraAdapter
{
    private const string ModelConfigFile = "config.json";

    /// <summary>The base's config: a head that the adapter parted from the embedding is the adapter's, not the base's.</summary>
    private ModelConfig BaseConfig => plan.NeedsOwnHead ? model!.Config with { TieWordEmbeddings = true } : model!.Config;

    /// <summary>The config whose positions the model is to take over; null where it has them, or where nobody knows or asks.</summary>
    /// <exception cref="ArgumentException">They differ and must match.</exception>
    private static ModelConfig? FindPositions(string folder, CausalLanguageModel model, AdapterPositions positions)
    {
        if (positions == AdapterPositions.KeepModel || !File.Exists(Path.Combine(folder, ModelConfigFile))) return null;
        ModelConfig trained = ModelConfig.Load(folder);
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

    /// <summary>Whether a folder has a model's weights.</summary>
    private static bool HoldsModel(string folder) => new[] { CheckpointFiles.Single, CheckpointFiles.Index }.Any(name => File.Exists(Path.Combine(folder, name)));

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

    /// <summary>An adapter beside a model's weights is loaded with that model's positions.</summary>
    private void CheckPositionsOf(string folder)
    {
        if (!File.Exists(Path.Combine(folder, ModelConfigFile)) || Difference(model!.Config, ModelConfig.Load(folder)) is not { } difference) return;
        throw new InvalidOperationException(
            $"'{folder}' holds a model whose config.json has other positions than this adapter was trained for: {difference}. Save the adapter in a folder of its own.");
    }
}

using System.Text.RegularExpressions;

namespace LongContext.Checkpoints;

/// <summary>The file names of a Hugging Face folder's weights.</summary>
internal static partial class CheckpointFiles
{
    public const string Single = "model.safetensors";

    public const string Index = "model.safetensors.index.json";

    /// <summary>Name of a shard, both numbers counted from 1.</summary>
    public static string Shard(int number, int count) => $"model-{number:D5}-of-{count:D5}.safetensors";

    public static bool IsShard(string name) => ShardPattern().IsMatch(name);

    [GeneratedRegex(@"^model-[0-9]{5}-of-[0-9]{5}\.safetensors\z", RegexOptions.CultureInvariant)]
    private static partial Regex ShardPattern();
}

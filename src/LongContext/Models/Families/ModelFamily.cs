using System.Collections.Frozen;
using System.Reflection;
using LongContext.Checkpoints;

namespace LongContext.Models.Families;

/// <summary>
/// A family of models: how its config.json says what its decoder is assembled from. A class that derives from this one, with a
/// constructor without arguments, is all that a new family needs: it is found by its <see cref="ModelType"/>.
/// </summary>
internal abstract class ModelFamily
{
    private static readonly Lazy<FrozenDictionary<string, ModelFamily>> All = new(Find);

    /// <summary>What <c>model_type</c> says in the family's config files.</summary>
    public abstract string ModelType { get; }

    /// <summary>Names of the families, in order.</summary>
    public static IEnumerable<string> Names => All.Value.Keys.Order(StringComparer.Ordinal);

    /// <exception cref="NotSupportedException">The config's family, or something its config asks for, is not supported.</exception>
    /// <exception cref="CheckpointFormatException">A field of the family's is missing, wrong or contradicts another.</exception>
    public static DecoderShape ReadShape(ModelConfig config) =>
        All.Value.TryGetValue(config.ModelType, out ModelFamily? family)
            ? family.Read(config)
            : throw new NotSupportedException(
                $"Model family '{config.ModelType}' (model_type in config.json) is not supported; supported are {string.Join(", ", Names)}.");

    /// <summary>The decoder that a config describes.</summary>
    protected abstract DecoderShape Read(ModelConfig config);

    // Asked of the assembly once, so that a family is one file and no list has to name it.
    private static FrozenDictionary<string, ModelFamily> Find() =>
        typeof(ModelFamily).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false } && type.IsSubclassOf(typeof(ModelFamily)))
            .Select(type => (ModelFamily)type.GetConstructor(BindingFlags.Instance | BindingFlags.Public, [])!.Invoke(null))
            .ToFrozenDictionary(family => family.ModelType, StringComparer.Ordinal);
}

using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace LongContext.Hosting;

/// <summary>What is wrong with a configuration that binding would refuse without saying what there is instead, or not refuse at all.</summary>
internal static class ConfigurationFaults
{
    /// <summary>Names that no enumeration has, each with those that there are, texts where an object of several values is expected, and what only code can set.</summary>
    /// <param name="section">The configuration.</param>
    /// <param name="type">What it is bound to.</param>
    public static IEnumerable<string> Of(IConfigurationSection section, Type type)
    {
        foreach (PropertyInfo property in type.GetProperties())
        {
            IConfigurationSection value = section.GetSection(property.Name);
            if (!value.Exists()) continue;
            Type kind = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (kind.IsEnum)
            {
                if (value.Value is { Length: > 0 } name && !Enum.TryParse(kind, name, ignoreCase: true, out _))
                    yield return $"{value.Path} is \"{name}\", expected one of {string.Join(", ", Expected(kind))}";
            }
            else if (typeof(IDictionary<string, string>).IsAssignableFrom(kind))
            {
                // What it says may be a secret.
                if (value.Value is { Length: > 0 }) yield return $"{value.Path} is a single text, expected an object of texts by names, such as {{ \"{property.Name}\": {{ \"name\": \"…\" }} }}";
            }
            else if (IsMadeInCode(kind))
            {
                string instead = property.Name == nameof(LongContextOptions.CustomChatFormat) ? $", or name a known one by {nameof(LongContextOptions.ChatFormat)}" : "";
                yield return $"{value.Path} cannot come from a configuration: set {type.Name}.{property.Name} in code, where the model is added{instead}";
            }
            else if (kind.IsClass && IsOwn(kind))
            {
                if (value.Value is { Length: > 0 }) yield return $"{value.Path} is a single text, expected an object of {kind.Name}'s values";
                foreach (string fault in Of(value, kind)) yield return fault;
            }
        }
    }

    /// <summary>Whether no text and no object of a configuration says what a value is: a model, a format, a logger, a function.</summary>
    private static bool IsMadeInCode(Type kind) => typeof(Delegate).IsAssignableFrom(kind)
        || (!typeof(System.Collections.IEnumerable).IsAssignableFrom(kind) && (kind.IsInterface || kind.IsAbstract || (IsOwn(kind) && kind.IsClass && kind.GetConstructors().Length == 0)));

    private static bool IsOwn(Type kind) => kind.Assembly.GetName().Name?.StartsWith(nameof(LongContext), StringComparison.Ordinal) == true;

    /// <summary>Weights have three types that a configuration may name, of the many that libtorch has.</summary>
    private static string[] Expected(Type kind) => kind == typeof(TorchSharp.torch.ScalarType) ? ["Float32", "BFloat16", "Float16"] : Enum.GetNames(kind);
}

using LongContext.Checkpoints;

namespace LongContext.Models.Families;

/// <summary>Fields that several families have, checked.</summary>
internal static class FamilyFields
{
    /// <summary>A finite factor other than 0.</summary>
    public static double Multiplier(ModelConfig config, string field, double absent)
    {
        double value = config.Fields.OptionalDouble(field) ?? absent;
        return double.IsFinite(value) && value != 0 ? value : throw config.Fields.Fault(field, $"is {value}, expected a finite number other than 0");
    }

    /// <summary>A finite number above 0.</summary>
    public static double Positive(ModelConfig config, string field, double absent)
    {
        double value = config.Fields.OptionalDouble(field) ?? absent;
        return double.IsFinite(value) && value > 0 ? value : throw config.Fields.Fault(field, $"is {value}, expected a finite number above 0");
    }

    /// <summary>A soft cap: a finite number above 0, or none where the field is null.</summary>
    public static double? SoftCap(ModelConfig config, string field, double? absent)
    {
        ConfigFields fields = config.Fields;
        if (!fields.Json.ContainsKey(field)) return absent;
        double? value = fields.OptionalDouble(field);
        return value is null || (double.IsFinite(value.Value) && value > 0) ? value : throw fields.Fault(field, $"is {value}, expected a finite number above 0 or null");
    }
}

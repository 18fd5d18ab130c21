import { ArrayMaxSize, ValidateBy } from 'class-validator';

/** Longer texts are refused before any rule looks at them. */
export const MAX_TEXT = 1_024;

const isText = (value: unknown, most: number) => typeof value === 'string' && value.length <= most;

/** Text that is not too long. */
export const Text = (most = MAX_TEXT) =>
  ValidateBy({
    name: 'text',
    validator: {
      validate: (value) => isText(value, most),
      defaultMessage: () => `$property must be text of ${most} characters or fewer`,
    },
  });

/** A list of them. */
export const Texts = (most: number, mostItems: number) => {
  const text = ValidateBy({
    name: 'texts',
    validator: {
      validate: (value) => Array.isArray(value) && value.every((item) => isText(item, most)),
      defaultMessage: () => `$property must be a list of text of ${most} characters or fewer`,
    },
  });
  const size = ArrayMaxSize(mostItems, { message: `$property must have ${mostItems} items or fewer` });
  return (target: object, property: string) => {
    text(target, property);
    size(target, property);
  };
};

/** Six digits; a number may have lost its leading zeros. */
export const Code = () =>
  ValidateBy({
    name: 'code',
    validator: {
      validate: (value) => /^[0-9]{1,6}$/.test(String(value)) && ['string', 'number'].includes(typeof value),
      defaultMessage: () => '$property must be the six digits that the authenticator shows',
    },
  });

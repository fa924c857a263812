-- Rates as given: 1 unit of currency is `rate` units of the reporting currency from date_day on, until the next rate.
SELECT date AS date_day, currency, rate
FROM shared.governance__rates
